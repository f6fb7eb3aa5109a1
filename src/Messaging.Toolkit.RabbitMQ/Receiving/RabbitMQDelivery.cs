using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.RabbitMQ.Receiving;

/// <summary>A message with the number that its channel gave to it.</summary>
internal sealed class RabbitMQDelivery(MessageEnvelope envelope, QueueConsumer consumer, ulong tag) : Delivery(envelope)
{
    public QueueConsumer Consumer => consumer;

    public ulong Tag => tag;
}
