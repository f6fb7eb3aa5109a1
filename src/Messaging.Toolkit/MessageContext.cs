using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas.Running;

namespace Messaging.Toolkit;

/// <summary>The message being handled, seen from its handler: where it comes from, and what to send because of it.</summary>
/// <remarks>Lives as long as the handler runs. What is published or sent through it commits with the handler's changes.</remarks>
public sealed class MessageContext
{
    private readonly IMessageBus bus;
    private int children;
    private bool hasReplied;

    internal MessageContext(MessageEnvelope envelope, string endpoint, int attempt, IMessageBus bus)
    {
        Envelope = envelope;
        Endpoint = endpoint;
        Attempt = attempt;
        this.bus = bus;
    }

    /// <summary>Everything known of the message but its handlers: attributes, headers and the bytes as they arrived.</summary>
    public MessageEnvelope Envelope { get; }

    /// <summary>The id of the message: the same in every attempt and every redelivery.</summary>
    public Guid MessageId => Envelope.Id;

    /// <summary>The ordering key, or null.</summary>
    public string? Key => Envelope.Key;

    /// <summary>The correlation id given by the first sender and passed on since, or null.</summary>
    public string? CorrelationId => Envelope.CorrelationId;

    /// <summary>Names the whole flow of messages that this one belongs to: the id of its first message.</summary>
    public Guid ConversationId => Envelope.ConversationId;

    /// <summary>The endpoint that handles it.</summary>
    public string Endpoint { get; }

    /// <summary>Which attempt this is, from 1, over all processes as far as they have noted it. One that a failure of the store has ended does not count.</summary>
    public int Attempt { get; }

    /// <inheritdoc cref="IMessageBus.Publish"/>
    public void Publish(object message, Action<PublishOptions>? configure = null) => bus.Publish(message, configure);

    /// <inheritdoc cref="IMessageBus.Send"/>
    public void Send(object message, Action<PublishOptions>? configure = null) => bus.Send(message, configure);

    /// <inheritdoc cref="IMessageBus.Cancel"/>
    public void Cancel(string scheduleId) => bus.Cancel(scheduleId);

    /// <summary>Where the reply to the message goes, or null if nobody waits for one. Keep it to reply later, from wherever that is.</summary>
    public ReplyAddress? ReplyTo => Envelope.ReplyTo;

    /// <summary>Replies to the message, as <see cref="Reply(object, ReplyAddress, Action{PublishOptions}?)"/> does to an address that was kept.</summary>
    /// <param name="message">An instance of a type registered with <c>Event&lt;T&gt;</c>.</param>
    /// <param name="configure">Correlation id and headers of the reply, and its key if the asker has not said one.</param>
    /// <exception cref="MessagingException">Nobody waits for a reply, or the message cannot be one.</exception>
    public void Reply(object message, Action<PublishOptions>? configure = null)
        => bus.Reply(message, ReplyTo ?? throw new MessagingException(
            $"'{Envelope.Type}' (message {MessageId}) asks for no reply: publish what has happened, or reply only if ReplyTo is not null."), configure);

    /// <inheritdoc cref="IMessageBus.Reply"/>
    public void Reply(object message, ReplyAddress to, Action<PublishOptions>? configure = null) => bus.Reply(message, to, configure);

    /// <summary>What has failed for good in earlier attempts, and is not to be tried again in this one.</summary>
    internal IReadOnlyList<StepFailedException> GivenUp { get; init; } = [];

    /// <summary>What is to be done once the transaction has committed. It must not throw, and it may not happen at all.</summary>
    internal Action? AfterCommit { get; private set; }

    internal void OnCommitted(Action action) => AfterCommit += action;

    /// <summary>Whether the toolkit is to reply, because nobody else has.</summary>
    internal bool OwesAnswer => ReplyTo is { Acknowledge: true } && !hasReplied;

    /// <summary>A reply to somebody was sent because of this message: maybe to its own asker.</summary>
    internal void NoteReply(ReplyAddress to) => hasReplied |= to.Endpoint == ReplyTo?.Endpoint && to.Request == ReplyTo.Request;

    /// <summary>The number of the next message sent because of this one: part of that message's id.</summary>
    internal int NextChild() => Interlocked.Increment(ref children);
}
