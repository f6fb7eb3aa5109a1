using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>Two processes share one outbox: fairly, and each message is one's business at a time.</summary>
public sealed class TwoRelaysTests
{
    /// <summary>Long enough that a busy machine renews it in time: a lease that is lost is a fault.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(6);

    [Theory, EachDatabase]
    public async Task When_one_of_two_stops_the_other_takes_over_at_its_next_look_and_no_message_is_delivered_twice(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var handled = new Handled();
        void Configure(MessagingBuilder messaging) => ShopHost.Standard(messaging.With(handled).Outbox(o => o.LeaseDuration = Lease));
        await using var one = await ShopHost.StartAsync(database, Configure);
        await ShopProcess.CreateOrdersAsync(one);
        await using var other = await ShopHost.StartAsync(database, Configure);
        await Verdict.EventuallyAsync(async () => (await BucketsAsync(one)).SequenceEqual([32, 32]), "equal shares");

        for (var i = 0; i < 200; i++)
        {
            await ShopProcess.PlaceAsync(one, i % ShopProcess.Keys);
            if (i == 150)
            {
                await other.StopAsync();
            }
        }

        // A third of a lease until the next look; had it to wait for the lease, it would be a whole one.
        await Verdict.EventuallyAsync(async () => (await BucketsAsync(one)).SequenceEqual([64]), "the other has all", Lease * 0.7);
        await one.DrainedAsync(600);
        await one.StopAsync();

        await ShopProcess.ShouldBeExactAsync(one);
        handled.Calls.Should().HaveCount(600, "a graceful stop is no fault: no handler runs twice");
        one.Log.Lines.Concat(other.Log.Lines).Should().NotContain(line => line.Id == 25, "nothing is even delivered twice");
    }

    /// <summary>Its connections stay open and its claims locked, as when it is frozen or its machine lost its power.</summary>
    [Fact]
    public async Task A_process_that_froze_in_the_middle_of_its_handlers_holds_up_nothing_but_what_it_was_handling()
    {
        const int Fresh = 20;
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var leasesGoOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var handlersGoOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isFrozen = false;
        var gates = new Gates { BeforeTake = _ => Volatile.Read(ref isFrozen) ? leasesGoOn.Task : Task.CompletedTask };
        static void Leases(MessagingBuilder m) => m.Outbox(o => (o.LeaseDuration, o.MaxPollInterval) = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(0.5)));
        await using var frozen = await ShopHost.StartAsync(database, m =>
        {
            Script.Of(_ => handlersGoOn.Task, messaging: Leases)(m);
            gates.Install(m);
        });
        await PublishAsync(frozen, "frozen", 8);
        await frozen.HandledAsync(8);
        Volatile.Write(ref isFrozen, true);

        await using var other = await ShopHost.StartAsync(database, Script.Of(messaging: Leases));
        await Verdict.EventuallyAsync(async () => (await BucketsAsync(other)).SequenceEqual([64]), "the other has all");
        await PublishAsync(other, "fresh", Fresh);
        await other.Handled.WaitAsync(Fresh).WaitAsync(TimeSpan.FromSeconds(15));

        handlersGoOn.SetResult();
        leasesGoOn.SetResult();
        await other.DrainedAsync(8 + Fresh);
        await frozen.StopAsync();
        await other.StopAsync();
        var effects = await other.EffectsAsync();
        effects.Select(effect => effect.MessageId).Should().OnlyHaveUniqueItems().And.HaveCount(8 + Fresh);
        (await other.DeadLettersAsync()).Should().BeEmpty();

        static Task PublishAsync(ShopHost shop, string key, int count) => shop.InScopeAsync(async (db, bus) =>
        {
            for (var i = 0; i < count; i++)
            {
                bus.Publish(new OrderPlaced($"{key}-{i}", i));
            }

            await db.SaveChangesAsync();
        });
    }

    [Fact]
    public async Task A_bucket_is_given_up_only_when_nothing_of_it_is_under_way_or_can_still_be_sent()
    {
        const int Keys = 16;
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var handled = new Handled();
        var handlersGoOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isTaking = new TaskCompletionSource<HashSet<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var takeGoesOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gates = new Gates
        {
            BeforeTake = names =>
            {
                if (names.Count(name => LeasePlan.BucketOf(name) is not null) != 32)
                {
                    return Task.CompletedTask;
                }

                isTaking.TrySetResult([.. names]);
                return takeGoesOn.Task;
            },
        };
        var otherReads = 0;
        var otherGates = new Gates
        {
            AfterRead = (_, _) =>
            {
                Interlocked.Increment(ref otherReads);
                return Task.CompletedTask;
            },
        };

        var script = Script.Of(_ => handlersGoOn.Task, e => e.Concurrency(Keys), m => m.With(handled).Outbox(o => o.LeaseDuration = Lease));
        await using var one = await ShopHost.StartAsync(database, m =>
        {
            script(m);
            gates.Install(m);
        });
        await Verdict.EventuallyAsync(async () => (await BucketsAsync(one)).SequenceEqual([64]), "all buckets");
        await using var other = await ShopHost.StartAsync(database, m =>
        {
            script(m);
            otherGates.Install(m);
        });

        // The first one has seen the second, and has decided what it gives up. Now messages come for all buckets.
        var kept = await isTaking.Task;
        await one.InScopeAsync(async (db, bus) =>
        {
            for (var key = 0; key < Keys; key++)
            {
                bus.Publish(new OrderPlaced($"order-{key}", 1));
            }

            await db.SaveChangesAsync();
        });
        await handled.WaitAsync(Enumerable.Range(0, Keys).Count(key => kept.Contains(LeasePlan.BucketName(MessageKeys.Bucket($"order-{key}", OutboxOptions.Buckets)))));
        takeGoesOn.SetResult();

        await Verdict.EventuallyAsync(async () => (await BucketsAsync(one)).SequenceEqual([32, 32]), "equal shares");
        var reads = Volatile.Read(ref otherReads);
        await Verdict.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref otherReads) >= reads + 2), "the second one has read what is its own");
        handlersGoOn.SetResult();
        await one.DrainedAsync(Keys);
        await one.StopAsync();
        await other.StopAsync();

        one.Log.Lines.Concat(other.Log.Lines).Should().NotContain(line => line.Id == 25, "no message is delivered by both");
        handled.Calls.Should().HaveCount(Keys);
    }

    /// <summary>How many buckets each living process has.</summary>
    private static Task<List<int>> BucketsAsync(ShopHost shop) => shop.QueryAsync(db => db.Set<LeaseRow>()
        .Where(lease => lease.Owner != null && lease.Name.StartsWith("bucket/")).GroupBy(lease => lease.Owner).Select(group => group.Count()).ToListAsync());
}
