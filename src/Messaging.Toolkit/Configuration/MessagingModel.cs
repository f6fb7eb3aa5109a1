using System.Collections.Frozen;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Transports;
using Messaging.Toolkit.Transports.InProcess;

namespace Messaging.Toolkit.Configuration;

/// <summary>The whole configuration of a host, checked and final.</summary>
internal sealed record MessagingModel
{
    private readonly FrozenDictionary<string, IReadOnlyList<string>> subscribers;

    public MessagingModel(MessageRegistry registry, IReadOnlyList<EndpointDefinition> endpoints)
    {
        Registry = registry;
        Endpoints = endpoints;
        subscribers = registry.Types.ToFrozenDictionary(
            type => type.Name,
            type => (IReadOnlyList<string>)[.. endpoints.Where(endpoint => endpoint.SubscribesTo(type)).Select(endpoint => endpoint.Name)],
            StringComparer.Ordinal);
    }

    public MessageRegistry Registry { get; }

    public IReadOnlyList<EndpointDefinition> Endpoints { get; }

    /// <summary>The transports, in the order in which they were registered.</summary>
    public IReadOnlyList<TransportDefinition> Transports { get; init; } = [];

    /// <summary>The transport of what is for an endpoint of another application, unless something says which.</summary>
    public string DefaultVia { get; init; } = InProcessTransport.TransportName;

    public required string Source { get; init; }

    public required MessageLimits Limits { get; init; }

    public required OutboxOptions Outbox { get; init; }

    public required InboxOptions Inbox { get; init; }

    public required SagaOptions Sagas { get; init; }

    public required SchedulingOptions Scheduling { get; init; }

    /// <summary>How the journal is kept; null if none is.</summary>
    public JournalOptions? Journal { get; init; }

    public ObservabilityOptions Observability { get; init; } = new();

    /// <summary>The recurring schedules.</summary>
    public required IReadOnlyList<RecurringDefinition> Recurring { get; init; }

    /// <summary>What states of sagas are written by.</summary>
    public required JsonMessageSerializer StateSerializer { get; init; }

    /// <summary>The same configuration with other endpoints.</summary>
    public MessagingModel With(IReadOnlyList<EndpointDefinition> endpoints) => new(Registry, endpoints)
    {
        Transports = Transports,
        DefaultVia = DefaultVia,
        Source = Source,
        Limits = Limits,
        Outbox = Outbox,
        Inbox = Inbox,
        Sagas = Sagas,
        Scheduling = Scheduling,
        Journal = Journal,
        Observability = Observability,
        Recurring = Recurring,
        StateSerializer = StateSerializer,
    };

    /// <summary>The endpoints of this application that handle a type.</summary>
    public IReadOnlyList<string> SubscribersOf(MessageType type) => subscribers[type.Name];

    /// <summary>What the application registered.</summary>
    private IEnumerable<MessageType> PublicTypes => Registry.Types.Where(type => !type.IsInternal);

    /// <summary>The same, as far as a transport is concerned.</summary>
    /// <param name="transport">Its name.</param>
    public MessageTopology ToTopology(string transport)
    {
        var types = PublicTypes.Where(type => type.Via == transport).ToList();
        var elsewhere = PublicTypes.Except(types).ToList();
        return new()
        {
            Types = types,
            Elsewhere = elsewhere,
            Endpoints =
            [
                .. Endpoints.Where(endpoint => endpoint.ReceivesFrom.Contains(transport, StringComparer.Ordinal))
                    .Select(endpoint => new EndpointTopology(endpoint.Name, [.. types.Where(endpoint.SubscribesTo)]) { Former = [.. elsewhere.Where(endpoint.SubscribesTo)] }),
            ],
        };
    }
}
