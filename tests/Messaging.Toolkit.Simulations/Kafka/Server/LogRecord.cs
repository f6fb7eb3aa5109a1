using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Sending;

namespace Messaging.Toolkit.Simulations.Kafka.Server;

/// <summary>A message as a partition keeps it.</summary>
/// <param name="Message">Its id, for traces.</param>
/// <param name="Key">What its partition was chosen by.</param>
/// <param name="Value">Its body.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="Timestamp">When it was made.</param>
internal sealed record LogRecord(Guid Message, byte[]? Key, byte[] Value, IReadOnlyList<IHeader> Headers, DateTimeOffset Timestamp)
{
    /// <summary>Copied, as the client does it: what it is made from is used again.</summary>
    public static LogRecord Of(SentMessage message, DateTimeOffset now)
        => new(message.Id, message.Key, message.Content.Value.ToArray(), [.. message.Content.Headers.BackingList], now);

    /// <summary>As a consumer gets it, which may change what it gets.</summary>
    public ConsumeResult<byte[]?, byte[]?> At(TopicPartition partition, long offset)
    {
        var headers = new Headers();
        foreach (var header in Headers)
        {
            headers.Add(header.Key, header.GetValueBytes());
        }

        return new ConsumeResult<byte[]?, byte[]?>
        {
            TopicPartitionOffset = new TopicPartitionOffset(partition, offset),
            Message = new Message<byte[]?, byte[]?> { Key = Key, Value = Value.ToArray(), Headers = headers, Timestamp = new Timestamp(Timestamp) },
        };
    }
}
