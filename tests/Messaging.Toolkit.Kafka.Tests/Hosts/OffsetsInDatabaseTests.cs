using Confluent.Kafka;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.Kafka.Tests.Cluster;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Toolkit.Kafka.Tests.Hosts;

/// <summary>Positions that the database has, with PostgreSQL and a cluster: whatever Kafka believes, each number has its effect once and in order.</summary>
public sealed class OffsetsInDatabaseTests : IDisposable
{
    private const int Keys = 24;
    private const string EndOfLogs = "the end of what there is";

    private readonly List<ChildProgram> children = [];

    [Fact]
    public async Task There_is_one_row_for_a_partition_and_no_claim_of_what_has_a_key_though_one_in_fifty_fails_at_first()
    {
        await using var host = await NumbersHost.StartAsync(await NewAsync() with { FailOneIn = 50 });

        await host.CountAsync(10_000, Keys);

        await host.ShouldBeCompleteAsync();
        (await host.QueryAsync(db => db.Set<ClaimRow>().CountAsync())).Should().Be(0);
        var rows = await host.QueryAsync(db => db.Set<StreamRow>().ToListAsync());
        rows.Should().HaveCount(NumbersApplication.Partitions).And.OnlyContain(row => row.Endpoint == "counter" && row.Stream.StartsWith("kafka/"));
        rows.Sum(row => Math.Max(0, row.Next)).Should().Be(10_000);
    }

    [Fact]
    public async Task Any_attempt_may_fail_and_what_fails_is_parked_while_other_keys_and_partitions_go_on()
    {
        await using var host = await NumbersHost.StartAsync(await NewAsync() with { FailOneIn = 20, Parks = true });

        await host.CountAsync(3_000, keys: 100);

        await host.ShouldBeCompleteAsync();
        (await host.QueryAsync(db => db.Set<ParkedRow>().CountAsync())).Should().Be(0);
    }

    /// <summary>Nothing is remembered, so that only where it is begun keeps numbers from being handled twice.</summary>
    [Theory]
    [InlineData("the beginning")]
    [InlineData(EndOfLogs)]
    public async Task Where_the_database_says_is_where_it_begins_wherever_Kafka_believes_the_group_to_be(string where)
    {
        var application = await NewAsync() with { Configure = kafka => kafka.RememberedMessages = 0 };
        var options = Server.Options();
        var (topic, group) = (application.Prefix + NumbersApplication.Topic, application.Prefix + "counter");
        await using var publisher = await NumbersHost.StartAsync(application with { Handles = false });
        await using (await NumbersHost.JoinAsync(application))
        {
            await publisher.CountAsync(500, Keys);
            await publisher.ShouldBeCompleteAsync();
        }

        await publisher.CountAsync(300, Keys);
        await publisher.OutboxShouldBeEmptyAsync();
        Bare.Commit(options, group, topic, NumbersApplication.Partitions, where == EndOfLogs ? Offset.End : new Offset(0));

        await using (await NumbersHost.JoinAsync(application))
        {
            await publisher.ShouldBeCompleteAsync();
            await publisher.CountAsync(50, Keys);
            await publisher.ShouldBeCompleteAsync();
        }

        Bare.Committed(options, group, topic, NumbersApplication.Partitions).Values.Sum().Should().Be(850, "the group's offsets are stored all the same, for who watches its lag");
    }

    /// <summary>A child is killed again and again, at whatever it is doing, and nothing but what its transactions have left is known to the next.</summary>
    [Fact]
    public async Task A_process_is_killed_again_and_again_and_nothing_is_lost_or_done_twice()
    {
        var application = await NewAsync() with { Outbox = NumbersProcess.Configure, Slow = TimeSpan.FromMilliseconds(3) };
        await using var host = await NumbersHost.StartAsync(application with { Handles = false });
        for (var kills = 0; kills < 6; kills++)
        {
            await host.CountAsync(240, Keys);
            var handled = await host.QueryAsync(db => db.Effects.CountAsync());
            var child = Start(application);
            await Eventually.IsAsync(async () => await host.QueryAsync(db => db.Effects.CountAsync()) >= handled + (40 * (kills + 1) % 200));
            child.Kill();
        }

        Start(application);
        await host.ShouldBeCompleteAsync();
        (await host.QueryAsync(db => db.Set<StreamRow>().SumAsync(row => row.Next < 0 ? 0 : row.Next))).Should().Be(6 * 240);
    }

    /// <summary>Its transactions have the positions locked until the database ends them: docs/kafka.md says how to have it do so.</summary>
    [Fact]
    public async Task A_process_that_was_frozen_in_the_middle_of_its_handlers_has_no_effect_when_it_goes_on()
    {
        var application = await NewAsync() with { Outbox = NumbersProcess.Configure, Slow = TimeSpan.FromMilliseconds(20) };
        await using var host = await NumbersHost.StartAsync(application with { Handles = false });
        await host.QueryAsync(db => db.Database.ExecuteSqlRawAsync(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET idle_in_transaction_session_timeout = 1000', current_database()); END $$"));
        var frozen = Start(application);
        await host.CountAsync(480, Keys);
        await Eventually.IsAsync(async () => await host.QueryAsync(db => db.Effects.CountAsync()) >= 50);
        frozen.Freeze();
        var before = await host.QueryAsync(db => db.Effects.CountAsync());

        Start(application);
        await Eventually.IsAsync(async () => await host.QueryAsync(db => db.Effects.CountAsync()) >= before + 50);
        frozen.Thaw();

        await host.ShouldBeCompleteAsync();
        await host.CountAsync(240, Keys);
        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task A_broker_coordinates_the_group_and_members_come_and_go()
    {
        using var mock = new MockCluster();
        var application = (await NumbersApplication.NewAsync(mock)) with { OffsetsInDatabase = true, Configure = Coordinated };
        await using (var host = await NumbersHost.StartAsync(application))
        {
            await host.CountAsync(1_000, Keys);
            await using (await NumbersHost.JoinAsync(application))
            {
                await host.CountAsync(1_000, Keys);
                await host.ShouldBeCompleteAsync();
            }

            await host.CountAsync(1_000, Keys);
            await host.ShouldBeCompleteAsync();
        }
    }

    [Fact]
    public async Task Without_its_tables_nothing_is_received_and_the_health_check_says_what_to_do()
    {
        await using var host = await NumbersHost.StartAsync(await NewAsync() with { Handles = false });
        var application = host.Application with { Handles = true };
        await host.QueryAsync(db => db.Database.ExecuteSqlRawAsync("ALTER TABLE messaging_stream RENAME TO elsewhere"));
        await using var endpoint = await NumbersHost.JoinAsync(application);
        await host.CountAsync(50, Keys);

        await Eventually.IsAsync(async () => (await endpoint.HealthAsync()).Description!.Contains("there must be a migration", StringComparison.Ordinal));
        (await endpoint.HealthAsync()).Status.Should().Be(HealthStatus.Unhealthy);
        (await host.QueryAsync(db => db.Effects.CountAsync())).Should().Be(0);

        await host.QueryAsync(db => db.Database.ExecuteSqlRawAsync("ALTER TABLE elsewhere RENAME TO messaging_stream"));
        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task Somebody_else_takes_a_partition_that_is_assigned_here_and_it_is_taken_back()
    {
        await using var host = await NumbersHost.StartAsync(await NewAsync());
        await host.CountAsync(240, Keys);
        await host.ShouldBeCompleteAsync();

        await host.QueryAsync(db => db.Set<StreamRow>().ExecuteUpdateAsync(set => set.SetProperty(row => row.Epoch, row => row.Epoch + 1)));
        await host.CountAsync(240, Keys);

        await host.ShouldBeCompleteAsync();
        host.Warnings.Should().Contain("another process has taken").And.Contain("joins the group again");
    }

    /// <summary>Half of the partitions are held by somebody, more than can be waited for one after another.</summary>
    [Fact]
    public async Task Partitions_that_cannot_be_taken_keep_no_other_from_being_taken()
    {
        var application = await NewAsync();
        await using var host = await NumbersHost.StartAsync(application with { Handles = false });
        await using (await NumbersHost.JoinAsync(application))
        {
            await host.CountAsync(240, Keys);
            await host.ShouldBeCompleteAsync();
        }

        await host.CountAsync(240, Keys);
        await using var endpoint = await host.QueryAsync(async db =>
        {
            await using var somebody = await db.Database.BeginTransactionAsync();
            (await db.Set<StreamRow>().Where(row => string.Compare(row.Stream.Substring(row.Stream.Length - 1), "5") <= 0).ExecuteUpdateAsync(set => set.SetProperty(row => row.Epoch, row => row.Epoch)))
                .Should().BeInRange(6, NumbersApplication.Partitions - 1);
            var joined = await NumbersHost.JoinAsync(application);
            await Eventually.IsAsync(async () => await host.QueryAsync(other => other.Effects.CountAsync()) > 240);
            return joined;
        });

        await host.ShouldBeCompleteAsync();
    }

    /// <summary>What is handled without it does not move the rows, and nothing is remembered.</summary>
    [Fact]
    public async Task Switched_off_and_on_again_nothing_is_done_twice()
    {
        var application = await NewAsync() with { Configure = kafka => kafka.RememberedMessages = 0 };
        await using var host = await NumbersHost.StartAsync(application with { Handles = false });
        foreach (var isOn in new[] { true, false, true })
        {
            await using var endpoint = await NumbersHost.JoinAsync(application with { OffsetsInDatabase = isOn });
            await host.CountAsync(240, Keys);
            await host.ShouldBeCompleteAsync();
            (await host.QueryAsync(db => db.Set<StreamRow>().CountAsync())).Should().Be(isOn ? NumbersApplication.Partitions : 0);
        }
    }

    public void Dispose() => children.ForEach(child => child.Dispose());

    private static async Task<NumbersApplication> NewAsync() => await NumbersApplication.NewAsync() with { OffsetsInDatabase = true };

    private static void Coordinated(KafkaOptions kafka)
    {
        // The broker says how long a member may be silent.
        kafka.GroupProtocol = GroupProtocol.Consumer;
        kafka.ConsumerProperties.Remove("session.timeout.ms");
        kafka.ConsumerProperties.Remove("heartbeat.interval.ms");
    }

    private ChildProgram Start(NumbersApplication application)
    {
        var child = NumbersProcess.Start(application);
        children.Add(child);
        return child;
    }
}
