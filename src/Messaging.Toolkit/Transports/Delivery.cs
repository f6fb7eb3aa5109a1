using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Transports;

/// <summary>A message as it reached an endpoint. Transports derive from it what they need to settle it.</summary>
/// <param name="envelope">The message.</param>
public class Delivery(MessageEnvelope envelope)
{
    /// <summary>The message.</summary>
    public MessageEnvelope Envelope { get; internal set; } = envelope;
}
