using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Transports;

/// <summary>What a transport has to know of the application's configuration. Final.</summary>
public sealed class MessageTopology
{
    /// <summary>Every registered message, whether it is handled here or elsewhere.</summary>
    public required IReadOnlyCollection<MessageType> Types { get; init; }

    /// <summary>The endpoints that run in this application.</summary>
    public required IReadOnlyList<EndpointTopology> Endpoints { get; init; }
}
