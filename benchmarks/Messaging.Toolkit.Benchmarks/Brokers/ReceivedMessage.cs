using Messaging.Toolkit.Benchmarks.Shop;
using RabbitMQ.Client;

namespace Messaging.Toolkit.Benchmarks.Brokers;

/// <summary>A message that has come from the broker, with the number that its channel gave to it.</summary>
internal sealed record ReceivedMessage(ulong Tag, IReadOnlyBasicProperties Properties, OrderPlaced Order)
{
    public Guid Id => Guid.Parse(Properties.MessageId!);
}
