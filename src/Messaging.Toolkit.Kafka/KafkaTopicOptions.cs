namespace Messaging.Toolkit.Kafka;

/// <summary>How a topic is created.</summary>
public sealed class KafkaTopicOptions
{
    /// <summary>
    /// Its number of partitions: so many processes of an endpoint can share its messages at most. Keys of one partition are handled in parallel all the
    /// same. Default 12; from 1 to 10,000. Raising it later moves keys to other partitions, see docs/kafka.md.
    /// </summary>
    public int Partitions { get; set; } = 12;

    /// <summary>How many brokers keep a copy. Default -1: as the brokers are configured; otherwise from 1 to 100.</summary>
    public short ReplicationFactor { get; set; } = -1;

    /// <summary>Configuration of the topic, as Kafka names it: <c>retention.ms</c>, <c>cleanup.policy</c>, <c>min.insync.replicas</c>.</summary>
    public IDictionary<string, string> Configuration { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    internal IEnumerable<string> Validate(string name)
    {
        if (Partitions is < 1 or > 10_000)
        {
            yield return $"UseKafka: {name} has {Partitions} Partitions: set it between 1 and 10000.";
        }

        if (ReplicationFactor is not (-1 or (>= 1 and <= 100)))
        {
            yield return $"UseKafka: {name} has the ReplicationFactor {ReplicationFactor}: set it between 1 and 100, or to -1 for what the brokers are configured with.";
        }
    }
}
