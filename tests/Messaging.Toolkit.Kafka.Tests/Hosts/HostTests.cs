using System.Globalization;
using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Tests.Cluster;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Toolkit.Kafka.Tests.Hosts;

/// <summary>A whole application over a cluster that is treated badly: everything is handled once, and each key in its order.</summary>
public sealed class HostTests
{
    /// <summary>As many as one has the time for.</summary>
    private static readonly int Many = int.Parse(Environment.GetEnvironmentVariable("MESSAGING_TEST_MANY") ?? "20000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Many_messages_over_twelve_partitions_keep_their_order_though_one_in_fifty_fails_at_first()
    {
        await using var host = await NumbersHost.StartAsync(failOneIn: 50);

        await host.CountAsync(Many, keys: Many / 100);

        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task An_application_starts_while_the_brokers_are_away_says_so_and_works_when_they_come()
    {
        using var mock = new MockCluster();
        mock.Brokers.ToList().ForEach(mock.SetDown);
        await using var host = await NumbersHost.StartAsync(mock);
        await host.CountAsync(1_000, keys: 10);
        await Eventually.IsAsync(() => SaysAsync("endpoint counter: No connection to Kafka"));
        await Eventually.IsAsync(() => SaysAsync("outbox of NumbersDb: No connection to Kafka"));
        (await host.HealthAsync()).Status.Should().Be(HealthStatus.Unhealthy);

        mock.Brokers.ToList().ForEach(mock.SetUp);

        await host.ShouldBeCompleteAsync();
        (await host.HealthAsync()).Status.Should().Be(HealthStatus.Healthy);

        async Task<bool> SaysAsync(string trouble) => (await host.HealthAsync()).Description!.Contains(trouble);
    }

    [Fact]
    public async Task All_brokers_are_gone_for_a_while_under_load()
    {
        using var mock = new MockCluster();
        await using var host = await NumbersHost.StartAsync(mock, failOneIn: 50);
        await host.CountAsync(3_000, keys: 100);
        mock.Brokers.ToList().ForEach(mock.SetDown);
        await host.CountAsync(3_000, keys: 100);
        await Eventually.IsAsync(async () => (await host.HealthAsync()).Status == HealthStatus.Unhealthy);
        mock.Brokers.ToList().ForEach(mock.SetUp);
        await host.CountAsync(3_000, keys: 100);

        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task Brokers_make_mistakes_under_load()
    {
        using var mock = new MockCluster();
        await using var host = await NumbersHost.StartAsync(mock, failOneIn: 50);
        for (var i = 0; i < 4; i++)
        {
            await host.CountAsync(1_500, keys: 100);
            mock.Fail(Request.Produce, ErrorCode.NotLeaderForPartition, ErrorCode.RequestTimedOut, ErrorCode.OutOfOrderSequenceNumber, ErrorCode.NotEnoughReplicas);
            mock.Fail(Request.Fetch, ErrorCode.NotLeaderForPartition, ErrorCode.BrokerNotAvailable);
            mock.Fail(Request.OffsetCommit, ErrorCode.NotCoordinatorForGroup, ErrorCode.IllegalGeneration);
            mock.Fail(Request.Heartbeat, ErrorCode.UnknownMemberId);
        }

        await host.ShouldBeCompleteAsync();
    }
}
