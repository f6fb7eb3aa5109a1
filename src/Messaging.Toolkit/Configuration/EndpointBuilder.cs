using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Threading.RateLimiting;
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
    private string? transport;
    private bool deadLettersExpired;
    private readonly HashSet<Type> urgentTypes = [];
    private readonly List<Func<MessageEnvelope, bool>> urgent = [];
    private CircuitBreakerBuilder? circuitBreaker;
    private (int Permits, TimeSpan Per)? rate;
    private Func<IServiceProvider, RateLimiter>? rateLimiter;

    internal EndpointBuilder(IServiceCollection services, string name)
    {
        this.services = services;
        this.name = name;
    }

    internal string Name => name;

    internal string? Store => store;

    /// <summary>The transport that it says, or null.</summary>
    internal string? Transport => transport;

    internal IReadOnlyList<HandlerBinding> Handlers => handlers;

    internal IReadOnlyList<InstanceDefinition> Instances => instances;

    /// <summary>
    /// Adds a handler. Several handlers of one message run one after another, in the order added, in one transaction.
    /// </summary>
    /// <typeparam name="TMessage">A registered event, or a command that goes to this endpoint.</typeparam>
    /// <typeparam name="THandler">The handler; created for each attempt from its own scope.</typeparam>
    public EndpointBuilder Handle<TMessage, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>()
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

    /// <summary>
    /// How many transactions may run at once in this process. With handlers that take a few milliseconds at most two do, which share their commits, until more waits than
    /// they take at once, or one of them takes longer. Messages of one key never run at once, except those that come over two topics or transports if
    /// positions in the database take the place of keys (Kafka's OffsetsInDatabase).
    /// </summary>
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
    /// Stops the endpoint for a while when too many of its handlers fail, instead of sending message after message to the dead letters while what
    /// they all depend on is away. Meanwhile messages wait, unsettled, and no attempt of theirs is counted. Default: it has none, because what
    /// fails for one type or key of an endpoint would stop all others.
    /// </summary>
    /// <remarks>
    /// Each process has its own. What counts are failures of handlers: not duplicates, not messages that cannot be read or have expired, and not
    /// failures of the store, which have pauses of their own. While it is open <c>MessagingHealthCheck</c> says that this process is degraded.
    /// </remarks>
    /// <param name="configure">When it opens and closes. Default: for 15 s when half of at least 20 attempts within 30 s have failed; it closes after 3 successes.</param>
    public EndpointBuilder CircuitBreaker(Action<CircuitBreakerBuilder>? configure = null)
    {
        circuitBreaker ??= new CircuitBreakerBuilder();
        configure?.Invoke(circuitBreaker);
        return this;
    }

    /// <summary>
    /// Bounds how many messages are handled in a time, in this process. Each attempt needs a permit before its transaction begins; who has none
    /// waits without a worker. After a pause as many as <paramref name="permits"/> may run at once. Default: no limit.
    /// </summary>
    /// <param name="permits">From 1 to 1,000,000.</param>
    /// <param name="per">From 1 ms to 1 day.</param>
    public EndpointBuilder RateLimit(int permits, TimeSpan per)
    {
        (rate, rateLimiter) = ((permits, per), null);
        return this;
    }

    /// <summary>
    /// The same by a limiter of your own. Endpoints that are given the same one share it: a <see cref="ConcurrencyLimiter"/> bounds how many messages of
    /// all of them are handled at once. Each attempt takes one permit and gives it back when it has ended.
    /// </summary>
    /// <remarks>
    /// Give it a queue (<c>QueueLimit</c>) of as many as there are endpoints: without one it is asked again every 100 ms. It is not disposed of here. While it throws, nothing is handled.
    /// </remarks>
    /// <param name="limiter">Finds it among the application's services when the host starts, or makes it.</param>
    public EndpointBuilder RateLimit(Func<IServiceProvider, RateLimiter> limiter)
    {
        ArgumentNullException.ThrowIfNull(limiter);
        (rate, rateLimiter) = (null, limiter);
        return this;
    }

    /// <summary>
    /// Messages of this type go first: among the keys whose next message could be handled now, those whose message is urgent. Within a key the order
    /// stays as it is. Of each eight that are taken while others wait, one is not urgent.
    /// </summary>
    /// <typeparam name="TMessage">A type that this endpoint handles.</typeparam>
    public EndpointBuilder Urgent<TMessage>() where TMessage : class
    {
        urgentTypes.Add(typeof(TMessage));
        return this;
    }

    /// <summary>The same for messages that the predicate is true of, for instance because of a header.</summary>
    /// <param name="isUrgent">Looks at what is known of a message without reading its body. If it throws, the message is not urgent.</param>
    public EndpointBuilder Urgent(Func<MessageEnvelope, bool> isUrgent)
    {
        ArgumentNullException.ThrowIfNull(isUrgent);
        urgent.Add(isUrgent);
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

    /// <summary>
    /// Over which transport the endpoint gets what is for it alone: its commands, and the replies to its sagas. Events it gets from the transports over
    /// which they are sent, whichever these are. Default: the application's (<see cref="MessagingBuilder.Via"/>).
    /// </summary>
    /// <remarks>It has one queue and one concurrency, however many transports it receives from: messages of one key never run at once, unless one is Kafka with OffsetsInDatabase, where partitions take the place of keys.</remarks>
    /// <param name="transport">A transport's name: "rabbitmq", "kafka" or the one that it was registered with, or "in-process".</param>
    public EndpointBuilder Via(string transport)
    {
        this.transport = transport;
        return this;
    }

    /// <summary>For stores: whose transactions the handlers run in. Applications call the store's own method, such as <c>UseDbContext&lt;T&gt;</c>.</summary>
    /// <param name="store">The store's name.</param>
    public EndpointBuilder UseStore(string store)
    {
        this.store = store;
        return this;
    }

    /// <param name="types">All messages.</param>
    /// <param name="via">The transport over which it gets what is for it alone.</param>
    /// <param name="local">The names of all endpoints of this application.</param>
    internal EndpointDefinition Build(IReadOnlyDictionary<Type, MessageType> types, string via, IReadOnlyCollection<string> local) => new()
    {
        Name = name,
        Via = via,
        ReceivesFrom = [.. Sources(types, via, local).Distinct(StringComparer.Ordinal)],
        Handlers = handlers
            .GroupBy(handler => types[handler.MessageType].Name)
            .ToFrozenDictionary(group => group.Key, group => (IReadOnlyList<HandlerBinding>)[.. group], StringComparer.Ordinal),
        Concurrency = concurrency,
        MaxGroup = maxGroup,
        Failures = failures.Build(),
        DeadLettersExpired = deadLettersExpired,
        CircuitBreaker = circuitBreaker?.Build(),
        Rate = rate,
        RateLimiter = rateLimiter,
        IsUrgent = BuildUrgency([.. urgentTypes.Select(type => types[type].Name)]),
        Store = store,
        Instances = instances,
    };

    internal IEnumerable<string> Validate(IReadOnlyDictionary<Type, IMessageDefinition> messages, TimeSpan retention)
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

        if (rate is { } limit && (limit.Permits is < 1 or > 1_000_000 || limit.Per < TimeSpan.FromMilliseconds(1) || limit.Per > TimeSpan.FromDays(1)))
        {
            yield return $"Endpoint {Names.Show(name)} has RateLimit({limit.Permits}, {limit.Per}): set it between 1 and 1000000 messages, per 1 ms to 1 day.";
        }

        foreach (var type in urgentTypes.Where(type => handlers.TrueForAll(handler => handler.MessageType != type)))
        {
            yield return $"Endpoint {Names.Show(name)} has Urgent<{type.Name}>() and does not handle {type.Name}: add .Handle<{type.Name}, ...>(), or remove it.";
        }

        foreach (var error in circuitBreaker?.Validate(name) ?? [])
        {
            yield return error;
        }

        foreach (var error in instances.SelectMany(definition => definition.Validate(messages)))
        {
            yield return error;
        }

        foreach (var error in failures.Validate(name, retention))
        {
            yield return error;
        }
    }

    /// <summary>
    /// The transports that may have something for it. What its sagas ask other applications is answered over the transport by which it was asked: over
    /// there nobody need know more of this application than the name of an endpoint.
    /// </summary>
    private IEnumerable<string> Sources(IReadOnlyDictionary<Type, MessageType> types, string via, IReadOnlyCollection<string> local)
    {
        // Sagas get their replies over it, and so does whoever handles answers.
        if (transport is not null || handlers.Exists(handler => InternalMessages.Contains(handler.MessageType)))
        {
            yield return via;
        }

        foreach (var handler in handlers.Where(handler => handler.Subscribes && !InternalMessages.Contains(handler.MessageType)))
        {
            yield return types[handler.MessageType].Via;
        }

        foreach (var request in instances.SelectMany(definition => definition.Requests).Select(type => types[type]).Where(request => !local.Contains(request.Endpoint!)))
        {
            yield return request.Via;
        }
    }

    private Func<MessageEnvelope, bool>? BuildUrgency(HashSet<string> names) => (names.Count, urgent.Count) switch
    {
        (0, 0) => null,
        _ => envelope => names.Contains(envelope.Type) || urgent.Exists(isUrgent => isUrgent(envelope)),
    };

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
