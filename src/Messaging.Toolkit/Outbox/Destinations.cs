using System.Collections.Frozen;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Outbox;

/// <summary>Where the messages of this application go.</summary>
internal sealed class Destinations
{
    private readonly MessagingModel model;
    private readonly TransportCollection transports;
    private readonly FrozenDictionary<Type, IReadOnlyList<string>> byType;
    private readonly FrozenDictionary<string, ITransport> byEndpoint;
    private readonly Dictionary<ITransport, IReadOnlyList<string>> byTransport;

    /// <param name="model">The application.</param>
    /// <param name="transports">Know the destinations.</param>
    /// <param name="elsewhere">Those of endpoints of other applications, if they are not among its own.</param>
    public Destinations(MessagingModel model, TransportCollection transports, params IReadOnlyList<string> elsewhere)
    {
        this.model = model;
        this.transports = transports;
        var types = model.Registry.Types.Where(type => !type.IsInternal).ToList();
        byType = types.ToFrozenDictionary(type => type.ClrType, type => transports.Get(type.Via).GetDestinations(type, model.SubscribersOf(type)));
        byEndpoint = model.Endpoints.ToFrozenDictionary(endpoint => endpoint.Name, endpoint => transports.Get(endpoint.Via), StringComparer.Ordinal);
        byTransport = transports.All.ToDictionary(transport => transport, transport => (IReadOnlyList<string>)
        [
            .. types.Where(type => transports.Get(type.Via) == transport).SelectMany(type => byType[type.ClrType])
                .Concat(model.Endpoints.Where(endpoint => Receives(endpoint, transport)).Select(endpoint => transport.GetDestination(endpoint.Name)))
                .Concat(transport.DeadLetterDestination is { } copies ? [copies] : [])
                .Concat(elsewhere).Distinct(StringComparer.Ordinal),
        ]);
        var known = byTransport.Values.SelectMany(each => each).ToHashSet(StringComparer.Ordinal);
        foreach (var transport in transports.All)
        {
            byTransport[transport] = [.. byTransport[transport], .. FormerOf(transport, types).Distinct(StringComparer.Ordinal).Where(known.Add)];
        }

        All = [.. byTransport.Values.SelectMany(each => each)];
    }

    /// <summary>All that are known. What waits for another one is left to whoever knows it.</summary>
    public IReadOnlyList<string> All { get; }

    /// <summary>Those that a transport leads to, also those of messages that were sent over it before and may wait since then.</summary>
    public IReadOnlyList<string> Of(ITransport transport) => byTransport[transport];

    /// <summary>Those of a message for all that its type is for.</summary>
    public IReadOnlyList<string> Of(MessageType type) => byType[type.ClrType];

    /// <summary>The one of a message for one endpoint.</summary>
    /// <param name="endpoint">The endpoint. One of this application's says itself over which transport.</param>
    /// <param name="via">The transport for another application's endpoint. Null, or one that there is no more, for the default.</param>
    public string Of(string endpoint, string? via)
        => TransportTo(endpoint, via).GetDestination(endpoint);

    /// <summary>The one of copies of an endpoint's dead letters, or null if none of the transports that it receives from wants any.</summary>
    public string? OfDeadLetters(string endpoint)
        => model.Endpoints.FirstOrDefault(each => each.Name == endpoint)?.ReceivesFrom.Select(from => transports.Get(from).DeadLetterDestination).FirstOrDefault(destination => destination is not null);

    /// <summary>The kind of transport that a message goes over.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="endpoint">The one endpoint that it is for, or null.</param>
    /// <param name="via">The transport if that is another application's.</param>
    public string SystemOf(MessageType type, string? endpoint, string? via) => NamedTransport.SystemOf(endpoint is null ? transports.Get(type.Via) : TransportTo(endpoint, via));

    /// <summary>Whether there is such a transport.</summary>
    public bool Knows(string via) => transports.Find(via) is not null;

    /// <summary>What is wrong with them, a sentence each: what waits in the outbox must say by its destination alone which transport it goes over.</summary>
    public IEnumerable<string> Validate()
    {
        foreach (var group in byTransport.SelectMany(each => each.Value, (each, destination) => (Transport: each.Key.Name, Destination: destination)).GroupBy(each => each.Destination, StringComparer.Ordinal))
        {
            var names = group.Select(each => Names.Show(each.Transport)).ToList();
            if (names.Count > 1)
            {
                yield return $"The destination {Names.Show(group.Key)} is one of the transports {string.Join(" and ", names)}: register one of them under another name, as in .UseKafka(\"another\", ...), or rename the endpoint or the topic.";
            }

            if (transports.AreSeveral && group.Key.Length > MessageLimits.MaxNameLength)
            {
                yield return $"The destination {Names.Show(group.Key)} of the transport {names[0]} has {group.Key.Length} characters, the limit is {MessageLimits.MaxNameLength}: give it, or the transport, a shorter name.";
            }
        }
    }

    private ITransport TransportTo(string endpoint, string? via) => byEndpoint.GetValueOrDefault(endpoint) ?? transports.Find(via) ?? transports.Get(model.DefaultVia);

    private bool Receives(EndpointDefinition endpoint, ITransport transport) => endpoint.ReceivesFrom.Any(from => transports.Get(from) == transport);

    private IEnumerable<string> FormerOf(ITransport transport, IEnumerable<MessageType> types)
        => types.Where(type => transports.Get(type.Via) != transport)
            .SelectMany(type => transport.GetDestinations(type, [.. model.Endpoints.Where(endpoint => endpoint.SubscribesTo(type) && Receives(endpoint, transport)).Select(endpoint => endpoint.Name)]))
            .Where(destination => destination.Length <= MessageLimits.MaxNameLength); // Nothing that is longer was ever written.
}
