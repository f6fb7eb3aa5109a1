using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Brokers.Kafka;

/// <summary>A message that has come from Kafka.</summary>
internal sealed class KafkaReceivedMessage(TopicPartitionOffset place, Headers headers, OrderPlaced order) : ReceivedMessage(order)
{
    public TopicPartitionOffset Place { get; } = place;

    public override Guid Id => Guid.Parse(Encoding.UTF8.GetString(headers.GetLastBytes("ce_id")));

    public override int HeaderBytes => KafkaMessages.HeaderBytes(headers);

    public static KafkaReceivedMessage Read(ConsumeResult<byte[], byte[]> record)
        => new(record.TopicPartitionOffset, record.Message.Headers, JsonSerializer.Deserialize<OrderPlaced>(record.Message.Value, JsonSerializerOptions.Web)!);
}
