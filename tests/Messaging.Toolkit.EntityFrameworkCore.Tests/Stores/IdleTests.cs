using System.Diagnostics;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Scheduling;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Messaging.Toolkit.EntityFrameworkCore.Tests.Stores.StoreTests;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Stores;

/// <summary>What a process costs the database that has nothing to do: the statements of its rounds, counted on PostgreSQL.</summary>
public sealed class IdleTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly OutboxQuery Query = new([new("shop", 10, [], [])], [.. Enumerable.Range(0, OutboxOptions.Buckets)]);

    [Fact]
    public async Task Leases_are_created_by_one_statement_read_by_one_and_renewed_by_one()
    {
        await using var database = await DatabaseOfAsync(Statements.PostgreSql);
        await using var shop = await CreateAsync(database, Statements.PostgreSql);
        var leases = StoreOf(shop).Leases;
        string[] names = [.. Enumerable.Range(0, OutboxOptions.Buckets).Select(LeasePlan.BucketName), "node/one", LeasePlan.Housekeeping];
        (await leases.ReadAsync(default)).Leases.Should().BeEmpty();

        (await CountAsync(async () => (await leases.TakeAsync("one", names, Minute, default)).Should().BeEquivalentTo(names)))
            .Should().BeLessThanOrEqualTo(5, "it takes, reads, asks for the time because there is nothing to read, creates and reads again");
        (await CountAsync(() => leases.ReadAsync(default))).Should().Be(1);
        (await CountAsync(() => leases.TakeAsync("one", names, Minute, default))).Should().Be(1);
        (await CountAsync(() => leases.ForgetAsync(["node/two"], default))).Should().Be(1);
        var table = await leases.ReadAsync(default);
        table.Leases.Should().HaveCount(names.Length).And.OnlyContain(lease => lease.Owner == "one" && lease.Epoch == 1 && lease.ExpiresAt > table.Now && lease.ExpiresAt <= table.Now + Minute);
    }

    [Fact]
    public async Task A_look_for_parked_messages_is_one_statement()
    {
        await using var database = await DatabaseOfAsync(Statements.PostgreSql);
        await using var shop = await CreateAsync(database, Statements.PostgreSql);

        (await CountAsync(() => StoreOf(shop).Parking.TakeDueAsync(["shop"], 10, Minute, default))).Should().Be(1);
    }

    [Fact]
    public async Task A_read_of_the_outbox_looks_at_the_schedule_in_the_same_statement_for_whoever_wants_to_know()
    {
        await using var database = await DatabaseOfAsync(Statements.PostgreSql);
        await using var shop = await CreateAsync(database, Statements.PostgreSql);
        var store = StoreOf(shop);
        var watcher = new Watcher { WantsLook = true };
        ((IWatchedSchedule)store.Schedule).Watcher = watcher;
        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("k", 1));
            await db.SaveChangesAsync();
        });

        (await CountAsync(async () => (await store.Outbox.ReadAsync(Query, default)).Should().ContainSingle())).Should().Be(1);
        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("k", 2), o => o.After(TimeSpan.FromHours(2)));
            bus.Publish(new OrderPlaced("k", 3), o => o.After(TimeSpan.FromHours(1)));
            await db.SaveChangesAsync();
        });
        (await store.Outbox.ReadAsync(Query, default)).Should().ContainSingle();
        watcher.WantsLook = false;
        await store.Outbox.ReadAsync(Query, default);

        watcher.Seen.Should().HaveCount(2);
        watcher.Seen[0].Should().BeNull("nothing was scheduled");
        watcher.Seen[1]!.Value.Should().BeCloseTo(TimeSpan.FromHours(1), Minute);
    }

    [Theory, InlineData(Statements.Sqlite), InlineData(Statements.Standard)]
    public async Task Where_that_takes_a_statement_more_the_schedule_is_left_to_whoever_looks_at_it(Statements statements)
    {
        await using var database = await DatabaseOfAsync(statements);
        await using var shop = await CreateAsync(database, statements);
        var watcher = new Watcher { WantsLook = true };
        ((IWatchedSchedule)StoreOf(shop).Schedule).Watcher = watcher;

        (await StoreOf(shop).Outbox.ReadAsync(Query, default)).Should().BeEmpty();

        watcher.Seen.Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task What_this_process_replays_is_handled_at_once_however_seldom_it_polls(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var isMended = false;
        await using var shop = await ShopHost.StartAsync(database, Script.Of(
            _ => Volatile.Read(ref isMended) ? Task.CompletedTask : throw new InvalidOperationException("Not yet."),
            e => e.OnFailure(f => f.RetryImmediately(0)),
            m => m.Outbox(o => (o.MaxPollInterval, o.LeaseDuration) = (Minute, Minute * 2))));
        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("k", 1));
            await db.SaveChangesAsync();
        });
        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count == 1, "a dead letter");

        Volatile.Write(ref isMended, true);
        var replayed = Stopwatch.StartNew();
        await shop.Services.GetRequiredService<IDeadLetters>().ReplayAsync(new());
        await Verdict.EventuallyAsync(async () => (await shop.EffectsAsync()).Count == 1, "its effect");

        replayed.Elapsed.Should().BeLessThan(Minute / 2);
    }

    /// <summary>How many commands are sent to PostgreSQL by what is done, and not by other tests at the same time.</summary>
    private static async Task<int> CountAsync(Func<Task> act)
    {
        using var activity = new Activity("counted").Start();
        var (trace, count) = (activity.TraceId, 0);
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = command =>
            {
                if (command.TraceId == trace && (command.GetTagItem("db.query.text") ?? command.GetTagItem("db.statement")) is not null)
                {
                    Interlocked.Increment(ref count);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await act();
        activity.Stop();
        return count;
    }

    private sealed class Watcher : IScheduleWatcher
    {
        public List<TimeSpan?> Seen { get; } = [];

        public bool WantsLook { get; set; }

        public void OnLooked(TimeSpan? nextIn) => Seen.Add(nextIn);
    }
}
