using Confluent.Kafka;

namespace Messaging.Toolkit.Kafka.Tests.Cluster;

/// <summary>What any other program would do with the client alone.</summary>
internal static class Bare
{
    public static async Task<DeliveryResult<byte[]?, byte[]?>> SendAsync(KafkaOptions options, string topic, byte[]? key, byte[]? value, params (string Name, byte[]? Value)[] headers)
    {
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig { BootstrapServers = options.BootstrapServers, Acks = Acks.All, Partitioner = Partitioner.Murmur2Random })
            .SetKeySerializer(Serializers.ByteArray!).SetValueSerializer(Serializers.ByteArray!).Build();
        var message = new Message<byte[]?, byte[]?> { Key = key, Value = value, Headers = [] };
        foreach (var (name, text) in headers)
        {
            message.Headers.Add(name, text);
        }

        return await producer.ProduceAsync(topic, message);
    }

    /// <summary>Reads a topic from its beginning until that many have come.</summary>
    public static List<ConsumeResult<byte[]?, byte[]?>> Read(KafkaOptions options, string topic, int count) => Read(options, topic, records => records.Count >= count);

    /// <summary>Reads a topic from its beginning until that many with different bodies have come, and returns the first of each.</summary>
    public static List<ConsumeResult<byte[]?, byte[]?>> ReadFirsts(KafkaOptions options, string topic, int count)
    {
        var seen = new HashSet<string>();
        return [.. Read(options, topic, records => records.DistinctBy(Body).Count() >= count).Where(record => seen.Add(Body(record)))];

        static string Body(ConsumeResult<byte[]?, byte[]?> record) => Convert.ToHexString(record.Message.Value ?? []);
    }

    private static List<ConsumeResult<byte[]?, byte[]?>> Read(KafkaOptions options, string topic, Func<List<ConsumeResult<byte[]?, byte[]?>>, bool> isEnough)
    {
        using var consumer = NewConsumer(options, $"bare-{Guid.NewGuid():N}");
        consumer.Subscribe(topic);
        var deadline = DateTime.UtcNow + Line.Patience;
        var records = new List<ConsumeResult<byte[]?, byte[]?>>();
        while (DateTime.UtcNow < deadline)
        {
            if (consumer.Consume(TimeSpan.FromMilliseconds(200)) is { } record)
            {
                records.Add(record);
            }
            else if (isEnough(records))
            {
                break; // And nothing more has come.
            }
        }

        consumer.Close();
        return records;
    }

    /// <summary>Where a group goes on in each partition of a topic; null where nothing was stored.</summary>
    public static IReadOnlyDictionary<int, long> Committed(KafkaOptions options, string group, string topic, int partitions)
    {
        using var consumer = NewConsumer(options, group);
        return consumer.Committed(Enumerable.Range(0, partitions).Select(partition => new TopicPartition(topic, partition)), Line.Patience)
            .Where(offset => offset.Offset.Value >= 0).ToDictionary(offset => offset.Partition.Value, offset => offset.Offset.Value);
    }

    /// <summary>Says where a group is to go on, in all partitions of a topic. Nobody must be in it.</summary>
    /// <param name="options">Where the cluster is.</param>
    /// <param name="group">The group.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="partitions">How many it has.</param>
    /// <param name="where">An offset, or <see cref="Offset.End"/>.</param>
    public static void Commit(KafkaOptions options, string group, string topic, int partitions, Offset where)
    {
        using var consumer = NewConsumer(options, group, config =>
        {
            config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
            foreach (var (name, value) in options.ConsumerProperties)
            {
                config.Set(name, value);
            }
        });
        consumer.Subscribe(topic);
        while (consumer.Assignment.Count < partitions)
        {
            consumer.Consume(TimeSpan.FromMilliseconds(100)); // Until it is a member, who may say so.
        }

        var all = Enumerable.Range(0, partitions).Select(partition => new TopicPartition(topic, partition)).ToList();
        consumer.Commit(all.Select(partition => new TopicPartitionOffset(partition, where == Offset.End ? consumer.QueryWatermarkOffsets(partition, Line.Patience).High : where)));
        consumer.Close();
    }

    private static IConsumer<byte[]?, byte[]?> NewConsumer(KafkaOptions options, string group, Action<ConsumerConfig>? configure = null)
    {
        var config = new ConsumerConfig { BootstrapServers = options.BootstrapServers, GroupId = group, AutoOffsetReset = AutoOffsetReset.Earliest, EnableAutoCommit = false };
        configure?.Invoke(config);
        return new ConsumerBuilder<byte[]?, byte[]?>(config).SetKeyDeserializer(new Bytes()).SetValueDeserializer(new Bytes()).Build();
    }

    private sealed class Bytes : IDeserializer<byte[]?>
    {
        public byte[]? Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => isNull ? null : data.ToArray();
    }
}
