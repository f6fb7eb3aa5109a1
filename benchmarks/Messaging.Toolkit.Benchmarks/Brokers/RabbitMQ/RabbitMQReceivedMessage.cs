using Messaging.Toolkit.Benchmarks.Shop;
using RabbitMQ.Client;

namespace Messaging.Toolkit.Benchmarks.Brokers.RabbitMQ;

/// <summary>A message that has come from RabbitMQ, with the number that its channel gave to it.</summary>
internal sealed class RabbitMQReceivedMessage(ulong tag, IReadOnlyBasicProperties properties, OrderPlaced order) : ReceivedMessage(order)
{
    public ulong Tag { get; } = tag;

    public override Guid Id => Guid.Parse(properties.MessageId!);

    public override int HeaderBytes => RabbitMQMessage.HeaderBytes(properties);
}
