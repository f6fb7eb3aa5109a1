using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Parking;

/// <summary>A parked message on its way through its endpoint again.</summary>
internal sealed class ParkedDelivery(ParkedMessage message, MessageEnvelope envelope) : Delivery(envelope)
{
    public ParkedMessage Message => message;
}
