using System.Collections.Frozen;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Outbox;

/// <summary>Where the messages of this application go.</summary>
internal sealed class Destinations
{
    private readonly ITransport transport;
    private readonly FrozenDictionary<Type, IReadOnlyList<string>> byType;

    /// <param name="model">The application.</param>
    /// <param name="transport">Knows the destinations.</param>
    /// <param name="elsewhere">Those of endpoints of other applications, if they are not among its own.</param>
    public Destinations(MessagingModel model, ITransport transport, params IEnumerable<string> elsewhere)
    {
        this.transport = transport;
        byType = model.Registry.Types.Where(type => !type.IsInternal)
            .ToFrozenDictionary(type => type.ClrType, type => transport.GetDestinations(type, model.SubscribersOf(type)));
        All = [.. byType.Values.SelectMany(each => each).Concat(model.Endpoints.Select(endpoint => transport.GetDestination(endpoint.Name))).Concat(OfDeadLetters is { } copies ? [copies] : []).Concat(elsewhere).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>All that are known. What waits for another one is left to whoever knows it.</summary>
    public IReadOnlyList<string> All { get; }

    /// <summary>The one of copies of dead letters, or null if there is none.</summary>
    public string? OfDeadLetters => transport.DeadLetterDestination;

    /// <summary>Those of a message for all that its type is for.</summary>
    public IReadOnlyList<string> Of(MessageType type) => byType[type.ClrType];

    /// <summary>The one of a message for one endpoint.</summary>
    public string Of(string endpoint) => transport.GetDestination(endpoint);
}
