using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Transports;

/// <summary>An endpoint, as a transport sees it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Types">What it handles of the messages that are sent over this transport: the events that it subscribes to, and the commands that are sent to it.</param>
public sealed record EndpointTopology(string Name, IReadOnlyList<MessageType> Types)
{
    /// <summary>What it handles of the messages that are sent over other transports. What was sent over this one before may still come.</summary>
    public IReadOnlyList<MessageType> Former { get; init; } = [];
}
