using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.RabbitMQ.Receiving;

/// <summary>A message with the number that its channel gave to it.</summary>
internal sealed class RabbitMQDelivery(MessageEnvelope envelope, ulong tag) : Delivery(envelope)
{
    public ulong Tag => tag;
}
