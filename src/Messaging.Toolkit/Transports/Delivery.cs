using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Streams;

namespace Messaging.Toolkit.Transports;

/// <summary>A message as it reached an endpoint. Transports derive from it what they need to settle it.</summary>
/// <param name="envelope">The message.</param>
public class Delivery(MessageEnvelope envelope)
{
    /// <summary>The message.</summary>
    public MessageEnvelope Envelope { get; internal set; } = envelope;

    /// <summary>
    /// Where it is in its stream, if the endpoint's position there is kept in the store; null, the default, if not. Those of a stream are handled in their order,
    /// whatever their keys.
    /// </summary>
    public StreamPlace? Place { get; init; }
}
