using Confluent.Kafka;

namespace Messaging.Toolkit.Kafka.Tests.Cluster;

/// <summary>A cluster of some brokers in this process, which can be treated badly.</summary>
internal sealed class MockCluster : IDisposable
{
    private readonly nint client = NativeMock.NewClient();
    private readonly nint cluster;

    public MockCluster(int brokers = 3)
    {
        Brokers = [.. Enumerable.Range(1, brokers)];
        cluster = NativeMock.NewCluster(client, brokers);
        NativeMock.SetInitialRebalanceDelay(cluster, 0);
        BootstrapServers = NativeMock.BootstrapServersOf(cluster);
    }

    public string BootstrapServers { get; }

    /// <summary>The ids of the brokers.</summary>
    public IReadOnlyList<int> Brokers { get; }

    /// <summary>Creates a topic; as a client it cannot be done.</summary>
    public void CreateTopic(string topic, int partitions) => NativeMock.CreateTopic(cluster, topic, partitions, Brokers.Count).Should().Be(0);

    public void SetDown(int broker) => NativeMock.SetDown(cluster, broker).Should().Be(0);

    public void SetUp(int broker) => NativeMock.SetUp(cluster, broker).Should().Be(0);

    /// <summary>How long the broker takes to answer.</summary>
    public void SetRoundTrip(int broker, TimeSpan time) => NativeMock.SetRoundTrip(cluster, broker, (int)time.TotalMilliseconds).Should().Be(0);

    /// <summary>The next requests of a kind fail, each with the next of these errors.</summary>
    public void Fail(Request request, params ErrorCode[] errors) => NativeMock.PushErrors(cluster, (short)request, (nuint)errors.Length, [.. errors.Select(error => (int)error)]);

    /// <summary>No more of them fail.</summary>
    public void Heal(Request request) => NativeMock.ClearErrors(cluster, (short)request);

    /// <summary>Whoever asks about the topic is told this, until <see cref="ErrorCode.NoError"/> is set. A client that has asked before goes on using it.</summary>
    public void FailTopic(string topic, ErrorCode error) => NativeMock.SetTopicError(cluster, topic, (int)error);

    public void SetLeader(string topic, int partition, int broker) => NativeMock.SetLeader(cluster, topic, partition, broker).Should().Be(0);

    /// <summary>Moves the coordinator of a group.</summary>
    public void SetCoordinator(string group, int broker) => NativeMock.SetCoordinator(cluster, "group", group, broker).Should().Be(0);

    public void Dispose()
    {
        NativeMock.DestroyCluster(cluster);
        NativeMock.DestroyClient(client);
    }
}

/// <summary>Kinds of requests, by their number in the protocol.</summary>
public enum Request : short
{
    Produce = 0,
    Fetch = 1,
    OffsetCommit = 8,
    OffsetFetch = 9,
    Heartbeat = 12,
    InitProducerId = 22,
}
