using Confluent.Kafka;
using Confluent.Kafka.Admin;

// Tests that stop brokers cannot run beside others on two cores.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Messaging.Toolkit.Kafka.Tests.Cluster;

/// <summary>The cluster that tests share: the one that MESSAGING_TEST_KAFKA names, or one in this process.</summary>
internal static class Server
{
    private const int Partitions = 4;

    private static readonly Lazy<MockCluster> Shared = new(() => new MockCluster());
    private static int names;

    private static readonly string? Real = Environment.GetEnvironmentVariable("MESSAGING_TEST_KAFKA") is { Length: > 0 } servers ? servers : null;

    public static string BootstrapServers => Real ?? Shared.Value.BootstrapServers;

    /// <summary>The one in this process, or null if there is a real one.</summary>
    public static MockCluster? Mock => Real is null ? Shared.Value : null;

    /// <summary>How long groups wait. A real broker may refuse less than six seconds; the cluster in this process gives every rebalance the session timeout less a second.</summary>
    public static IReadOnlyDictionary<string, string> Quick { get; } = new Dictionary<string, string>
    {
        ["session.timeout.ms"] = Real is not null ? "6000" : "2000",
        ["heartbeat.interval.ms"] = "200",
    };

    /// <summary>Where the cluster is, with a prefix of one's own.</summary>
    public static KafkaOptions Options(MockCluster? mock = null)
    {
        var options = new KafkaOptions { BootstrapServers = mock?.BootstrapServers ?? BootstrapServers, Prefix = NewPrefix() };
        foreach (var (name, value) in Quick)
        {
            options.ConsumerProperties[name] = value;
        }

        return options;
    }

    /// <summary>A prefix for the topics and groups of one test.</summary>
    private static string NewPrefix() => $"t{Environment.ProcessId}-{DateTime.UtcNow:HHmmssfff}-{Interlocked.Increment(ref names)}.";

    /// <summary>Creates topics, which no client can do in the cluster of this process.</summary>
    public static async Task CreateAsync(MockCluster? mock, IEnumerable<string> topics, int partitions = Partitions)
    {
        if (mock is not null)
        {
            topics.ToList().ForEach(topic => mock.CreateTopic(topic, partitions));
            return;
        }

        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = BootstrapServers }).Build();
        await admin.CreateTopicsAsync(topics.Select(topic => new TopicSpecification
        {
            Name = topic, NumPartitions = partitions, Configs = new() { ["max.message.bytes"] = $"{2 * 1024 * 1024}" },
        }));
    }
}
