using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Transports;

/// <summary>What a transport has to know of the application's configuration. Final.</summary>
public sealed class MessageTopology
{
    /// <summary>Every registered message that is sent over this transport, whether it is handled here or elsewhere.</summary>
    public required IReadOnlyCollection<MessageType> Types { get; init; }

    /// <summary>
    /// The other registered messages, which are sent over other transports. What waits in the outbox since they were sent over this one is still brought to where
    /// it was to go; nothing is created for them.
    /// </summary>
    public IReadOnlyCollection<MessageType> Elsewhere { get; init; } = [];

    /// <summary>The endpoints of this application that receive from this transport.</summary>
    public required IReadOnlyList<EndpointTopology> Endpoints { get; init; }
}
