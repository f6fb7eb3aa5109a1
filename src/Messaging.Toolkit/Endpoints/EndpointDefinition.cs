using System.Collections.Frozen;
using System.Threading.RateLimiting;
using Messaging.Toolkit.Endpoints.Limits;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas.Definitions;
using Messaging.Toolkit.Sagas.Running;
using Messaging.Toolkit.Transports.InProcess;

namespace Messaging.Toolkit.Endpoints;

/// <summary>An endpoint as it was configured.</summary>
internal sealed record EndpointDefinition
{
    public required string Name { get; init; }

    /// <summary>The transport over which it gets what is for it alone.</summary>
    public string Via { get; init; } = InProcessTransport.TransportName;

    /// <summary>All transports that it receives from.</summary>
    public IReadOnlyList<string> ReceivesFrom { get; init; } = [InProcessTransport.TransportName];

    /// <summary>By the name of the message type, in the order they were added.</summary>
    public required FrozenDictionary<string, IReadOnlyList<HandlerBinding>> Handlers { get; init; }

    public required int Concurrency { get; init; }

    public required int MaxGroup { get; init; }

    public required FailurePolicy Failures { get; init; }

    /// <summary>Whether what has expired is kept in the dead letters.</summary>
    public bool DeadLettersExpired { get; init; }

    /// <summary>When it stops because its handlers fail; null for never.</summary>
    public CircuitBreakerPolicy? CircuitBreaker { get; init; }

    /// <summary>How many messages it handles in which time; null for as many as it can.</summary>
    public (int Permits, TimeSpan Per)? Rate { get; init; }

    /// <summary>The application's own limiter; null for none.</summary>
    public Func<IServiceProvider, RateLimiter>? RateLimiter { get; init; }

    /// <summary>Which messages go first; null if they are all the same.</summary>
    public Func<MessageEnvelope, bool>? IsUrgent { get; init; }

    /// <summary>The store whose transactions its handlers run in; null for the application's only one.</summary>
    public string? Store { get; init; }

    /// <summary>The sagas and process managers that it runs.</summary>
    public IReadOnlyList<InstanceDefinition> Instances { get; init; } = [];

    /// <summary>Whether it is to get everything that is published of a type.</summary>
    public bool SubscribesTo(MessageType type) => Handlers.TryGetValue(type.Name, out var handlers) && handlers.Any(handler => handler.Subscribes);

    /// <summary>Those of the handlers of its type that a message is for.</summary>
    public IReadOnlyList<HandlerBinding> Accepting(IReadOnlyList<HandlerBinding> handlers, MessageEnvelope envelope)
        => Instances.Count == 0 && envelope.InReplyTo is null ? handlers : [.. handlers.Where(handler => handler.Accepts(envelope))];

    /// <summary>
    /// How many deliveries it holds at most: enough to fill two groups for every worker, and for many keys; but no more than its rate lets through
    /// in five minutes, because a broker's patience with who does not settle has an end.
    /// </summary>
    public int Prefetch => Rate is { } rate
        ? (int)Math.Clamp(rate.Permits * (LongestHold / rate.Per), 1, UnlimitedPrefetch)
        : UnlimitedPrefetch;

    private int UnlimitedPrefetch => Math.Clamp(2 * Concurrency * MaxGroup, 1_000, 10_000);

    private static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(5);
}

/// <summary>A handler of one endpoint for one type of message.</summary>
/// <param name="MessageType">The type of the message.</param>
/// <param name="HandlerType">The handler's class.</param>
/// <param name="Invoke">Creates the handler in a scope and calls it.</param>
internal sealed record HandlerBinding(Type MessageType, Type HandlerType, Func<IServiceProvider, object, MessageContext, CancellationToken, Task> Invoke)
{
    /// <summary>If it works on stored instances: which ones.</summary>
    public IInstanceHandler? Instances { get; init; }

    /// <summary>Whether it is for everything that is published of its type, and not only for what is sent to this endpoint.</summary>
    public bool Subscribes { get; init; } = true;

    /// <summary>Whether a message is for it. What is for an instance of a saga is for nobody else.</summary>
    public bool Accepts(MessageEnvelope envelope) => Instances?.Accepts(envelope) ?? SagaRequest.Parse(envelope.InReplyTo) is null;
}
