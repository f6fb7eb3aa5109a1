using System.Collections.Frozen;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Definitions;
using Messaging.Toolkit.Sagas.Processes;
using Messaging.Toolkit.Sagas.Running;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging.Toolkit.Configuration;

/// <summary>What is said about an endpoint: a named group of handlers with its own queue, order, concurrency and failures.</summary>
public sealed class EndpointBuilder
{
    private readonly IServiceCollection services;
    private readonly string name;
    private readonly List<HandlerBinding> handlers = [];
    private readonly List<InstanceDefinition> instances = [];
    private readonly FailureBuilder failures = new();
    private int concurrency = 8;
    private int maxGroup = 32;
    private string? store;
    private bool deadLettersExpired;

    internal EndpointBuilder(IServiceCollection services, string name)
    {
        this.services = services;
        this.name = name;
    }

    internal string Name => name;

    internal string? Store => store;

    internal IReadOnlyList<HandlerBinding> Handlers => handlers;

    internal IReadOnlyList<InstanceDefinition> Instances => instances;

    /// <summary>
    /// Adds a handler. Several handlers of one message run one after another, in the order added, in one transaction.
    /// </summary>
    /// <typeparam name="TMessage">A registered event, or a command that goes to this endpoint.</typeparam>
    /// <typeparam name="THandler">The handler; created for each attempt from its own scope.</typeparam>
    public EndpointBuilder Handle<TMessage, THandler>()
        where TMessage : class
        where THandler : class, IHandle<TMessage>
    {
        services.TryAddScoped<THandler>();
        handlers.Add(new HandlerBinding(typeof(TMessage), typeof(THandler), static (scope, message, context, cancellationToken)
            => scope.GetRequiredService<THandler>().HandleAsync((TMessage)message, context, cancellationToken)));
        return this;
    }

    /// <summary>Runs a saga here. One endpoint of the application runs it, in all its processes.</summary>
    /// <typeparam name="TSaga">The saga. Its definition is made now.</typeparam>
    public EndpointBuilder Saga<TSaga>() where TSaga : SagaBase, new()
    {
        var definition = new TSaga().Build();
        foreach (var activity in definition.Activities)
        {
            activity.Register(services);
        }

        var handler = new SagaHandler(definition, name);
        return Add(definition, handler, handler.HandleAsync, definition.Incoming.Append(typeof(Answer)), subscribes: false);
    }

    /// <summary>Runs a process manager here. One endpoint of the application runs it, in all its processes.</summary>
    /// <typeparam name="TProcess">The process manager. Its definition is made now.</typeparam>
    public EndpointBuilder Process<TProcess>() where TProcess : ProcessManagerBase, new()
    {
        var definition = new TProcess().Build();
        var handler = new ProcessHandler(definition, name);
        return Add(definition, handler, handler.HandleAsync, definition.Incoming, subscribes: true);
    }

    /// <summary>How many transactions may run at once in this process. Messages of one key never run at once.</summary>
    /// <param name="concurrency">Default 8; from 1 to 1,000.</param>
    public EndpointBuilder Concurrency(int concurrency)
    {
        this.concurrency = concurrency;
        return this;
    }

    /// <summary>
    /// How many messages may share one transaction and so one commit. They do when several wait and their handlers are
    /// quick; each has a scope and a DbContext of its own all the same, and if one fails all are handled one by one.
    /// </summary>
    /// <param name="messages">Default 32; from 1 (never) to 1,000.</param>
    public EndpointBuilder ShareCommits(int messages)
    {
        maxGroup = messages;
        return this;
    }

    /// <summary>What happens when a handler throws. Default: three more attempts at once, then the dead letters.</summary>
    public EndpointBuilder OnFailure(Action<FailureBuilder> configure)
    {
        configure(failures);
        return this;
    }

    /// <summary>
    /// Messages that have expired are kept in the dead letters. Default: they are only counted
    /// (<c>messaging.toolkit.inbox.expired</c>) and logged (event id 60). Not handled they are either way.
    /// </summary>
    public EndpointBuilder DeadLetterExpired()
    {
        deadLettersExpired = true;
        return this;
    }

    /// <summary>For stores: whose transactions the handlers run in. Applications call the store's own method, such as <c>UseDbContext&lt;T&gt;</c>.</summary>
    /// <param name="store">The store's name.</param>
    public EndpointBuilder UseStore(string store)
    {
        this.store = store;
        return this;
    }

    internal EndpointDefinition Build(IReadOnlyDictionary<Type, MessageType> types) => new()
    {
        Name = name,
        Handlers = handlers
            .GroupBy(handler => types[handler.MessageType].Name)
            .ToFrozenDictionary(group => group.Key, group => (IReadOnlyList<HandlerBinding>)[.. group], StringComparer.Ordinal),
        Concurrency = concurrency,
        MaxGroup = maxGroup,
        Failures = failures.Build(),
        DeadLettersExpired = deadLettersExpired,
        Store = store,
        Instances = instances,
    };

    internal IEnumerable<string> Validate(IReadOnlyDictionary<Type, IMessageDefinition> messages)
    {
        if (Names.Refuse(name) is { } reason)
        {
            yield return $"The endpoint name {Names.Show(name)} cannot be used: {reason}.";
        }

        if (concurrency is < 1 or > 1000)
        {
            yield return $"Endpoint {Names.Show(name)} has Concurrency({concurrency}): set it between 1 and 1000.";
        }

        if (maxGroup is < 1 or > 1000)
        {
            yield return $"Endpoint {Names.Show(name)} has ShareCommits({maxGroup}): set it between 1 and 1000.";
        }

        if (handlers.Count == 0)
        {
            yield return $"Endpoint {Names.Show(name)} handles nothing: add .Handle<TMessage, THandler>(), .Saga<TSaga>() or .Process<TProcess>(), or remove it.";
        }

        foreach (var group in handlers.GroupBy(handler => (handler.MessageType, handler.HandlerType)).Where(group => group.Count() > 1))
        {
            yield return $"Endpoint {Names.Show(name)} has {group.Key.HandlerType.Name} for {group.Key.MessageType.Name} {group.Count()} times: add it once.";
        }

        foreach (var messageType in handlers.Where(handler => handler.Subscribes).Select(handler => handler.MessageType).Distinct().Where(type => !InternalMessages.Contains(type)))
        {
            if (!messages.TryGetValue(messageType, out var message))
            {
                yield return $"Endpoint {Names.Show(name)} handles {messageType.Name}, which is not registered: add .Event<{messageType.Name}>(...) or .Command<{messageType.Name}>(...).";
            }
            else if (message.Kind == MessageKind.Command && message.Destination is { } destination && destination != name)
            {
                yield return $"Endpoint {Names.Show(name)} handles the command {messageType.Name}, which goes to {Names.Show(destination)}: move the handler there, or change its .To(...).";
            }
        }

        foreach (var error in instances.SelectMany(definition => definition.Validate(messages)))
        {
            yield return error;
        }

        foreach (var error in failures.Validate(name))
        {
            yield return error;
        }
    }

    private EndpointBuilder Add(
        InstanceDefinition definition, IInstanceHandler handler, Func<IServiceProvider, object, MessageContext, CancellationToken, Task> handle,
        IEnumerable<Type> incoming, bool subscribes)
    {
        instances.Add(definition);
        handlers.Add(new HandlerBinding(typeof(SagaSignal), definition.ClrType, handle) { Instances = handler, Subscribes = false });
        handlers.AddRange(incoming.Select(type => new HandlerBinding(type, definition.ClrType, handle) { Instances = handler, Subscribes = subscribes }));
        return this;
    }
}
