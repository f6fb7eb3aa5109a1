using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Outbox;

/// <summary>The bus of one scope: makes messages and hands them to the unit of work of the scope.</summary>
internal sealed class MessageBus(IServiceProvider scope, OutgoingMessages outgoing, StoreCollection stores) : IMessageBus
{
    private IMessageStore? store;

    /// <summary>The store of the endpoint whose handler runs in this scope; outside of handlers the application's only one.</summary>
    public IMessageStore Store
    {
        get => store ??= stores.GetOnly();
        set => store = value;
    }

    public void Publish(object message, Action<PublishOptions>? configure = null) => Add(message, MessageKind.Event, Addressing.None, configure);

    public void Send(object message, Action<PublishOptions>? configure = null) => Add(message, MessageKind.Command, Addressing.None, configure);

    public Task PublishNowAsync(object message, Action<PublishOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        var session = SessionBeside("PublishNowAsync", "Publish or Send");
        return Store.Outbox.AppendAsync(outgoing.CreateImmediate(message, configure, session.Cause), cancellationToken);
    }

    public void Cancel(string scheduleId)
    {
        Schedule.ThrowUnlessId(scheduleId);
        Store.GetSession(scope).Cancel(scheduleId);
    }

    public Task<int> CancelNowAsync(string scheduleId, CancellationToken cancellationToken = default)
    {
        Schedule.ThrowUnlessId(scheduleId);
        _ = SessionBeside("CancelNowAsync", "Cancel");
        return Store.Schedule.CancelNowAsync(scheduleId, cancellationToken);
    }

    public void Reply(object message, ReplyAddress to, Action<PublishOptions>? configure = null)
    {
        var session = Store.GetSession(scope);
        session.Add(outgoing.CreateReply(message, to, configure, session.Cause));
    }

    /// <summary>Sends a message of any type to one endpoint, whoever else its type is for.</summary>
    public void SendTo(string endpoint, object message, Addressing addressing, Action<PublishOptions>? configure = null)
    {
        var session = Store.GetSession(scope);
        session.Add(outgoing.CreateFor(endpoint, message, addressing, configure, session.Cause));
    }

    /// <summary>Publishes or sends as applications do, and says more of the message than they can.</summary>
    public void Add(object message, MessageKind kind, Addressing addressing, Action<PublishOptions>? configure = null)
    {
        var session = Store.GetSession(scope);
        session.Add(outgoing.Create(message, kind, configure, session.Cause, addressing));
    }

    /// <summary>Sends a message that was kept, byte for byte, to one endpoint, under an id of its own.</summary>
    public void SendAgain(MessageEnvelope kept, string endpoint, Addressing addressing)
    {
        var session = Store.GetSession(scope);
        session.Add(outgoing.CreateAgain(kept, endpoint, addressing, session.Cause));
    }

    /// <summary>An id for something new: derived from the message whose handler runs here, so that it is the same when that runs again.</summary>
    public Guid NewId(string purpose) => outgoing.NewId(purpose, Store.GetSession(scope).Cause);

    /// <summary>The scope's unit of work, beside which another transaction is to write.</summary>
    private IOutboxSession SessionBeside(string call, string instead)
    {
        var session = Store.GetSession(scope);
        return session is { Cause: not null, CanWriteBeside: false }
            ? throw new MessagingException($"{Store.Name} lets one transaction write at a time, and this handler's is open: {call} would wait for it for ever. Use {instead}.")
            : session;
    }
}
