using System.Collections.Concurrent;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>The order of commits on one aggregate is the order of handling, however ids and commits interleave.</summary>
public sealed class OrderTests
{
    [Fact]
    public async Task A_transaction_that_starts_first_and_commits_last_is_handled_last_and_loses_nothing()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.StartAsync(database, Script.Of());
        await CreateOrdersAsync(shop, "contended");

        // The first one draws an id of the outbox early, for another key, before it touches the contended order.
        var handled = 1;
        await shop.InScopeAsync(async (db, bus) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            bus.Publish(new OrderPlaced("early", 1));
            await db.SaveChangesAsync();

            await ChangeAsync(shop, "contended");
            for (var i = 1; i <= 50; i++)
            {
                await PublishAsync(shop, "other", i);
            }

            await shop.HandledAsync(handled += 50); // Far ahead, and the open transaction holds nobody up.
            var version = await LockAsync(db, "contended");
            bus.Publish(new OrderPlaced("contended", version));
            await db.SaveChangesAsync();

            // These wait for the lock, so they commit later; the id above is drawn already.
            var waiting = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ChangeAsync(shop, "contended")));
            await PublishAsync(shop, "other", 51);
            await shop.HandledAsync(handled += 1);
            shop.Handled.Calls.Count(call => call.Key == "contended").Should().Be(1);
            await transaction.CommitAsync();
            await waiting;
        });

        await shop.HandledAsync(handled + 5);
        await shop.StopAsync();
        await shop.ShouldHaveHandledInOrderAsync(new Dictionary<string, int> { ["contended"] = 5, ["other"] = 51, ["early"] = 1 });
    }

    [Fact]
    public async Task A_transaction_that_stays_open_while_ten_thousand_others_commit_stops_nobody_and_is_handled_after_its_commit()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.StartAsync(database, Script.Of());
        await CreateOrdersAsync(shop, "held");
        await shop.InScopeAsync(async (db, bus) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            bus.Publish(new OrderPlaced("held", await LockAsync(db, "held")));
            await db.SaveChangesAsync();

            for (var batch = 0; batch < 100; batch++)
            {
                await shop.InScopeAsync(async (other, otherBus) =>
                {
                    for (var key = 0; key < 100; key++)
                    {
                        otherBus.Publish(new OrderPlaced($"other-{key}", batch + 1));
                    }

                    await other.SaveChangesAsync();
                });
            }

            await shop.HandledAsync(10_000);
            shop.Handled.Calls.Should().NotContain(call => call.Key == "held");
            await transaction.CommitAsync();
        });

        await shop.HandledAsync(10_001);
        await shop.StopAsync();
        await shop.ShouldHaveHandledInOrderAsync(Enumerable.Range(0, 100).Select(key => ($"other-{key}", 100)).Append(("held", 1)).ToDictionary());
        shop.Handled.Calls.Should().HaveCount(10_001, "without faults no handler runs twice");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public async Task A_thousand_random_interleavings_of_writers_are_handled_in_the_order_of_their_commits(int seed, int processes)
    {
        const int Rounds = 500; // Of each of the two seeds.
        const int Writers = 3;
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var hosts = new List<ShopHost>();
        for (var i = 0; i < processes; i++)
        {
            hosts.Add(await ShopHost.StartAsync(database, Script.Of(messaging: m => m.Outbox(o => o.LeaseDuration = TimeSpan.FromSeconds(2)))));
        }

        await CreateOrdersAsync(hosts[0], [.. Enumerable.Range(0, 2 * Rounds).Select(number => $"key-{number}")]);
        var versions = new ConcurrentDictionary<string, int>();
        var early = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Rounds), new ParallelOptions { MaxDegreeOfParallelism = 10 }, async (round, _) =>
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
            {
                var random = new Random(HashCode.Combine(seed, round, writer));
                for (var transactions = random.Next(1, 3); transactions > 0; transactions--)
                {
                    await WriteAsync(hosts[random.Next(processes)], random, $"key-{(2 * round) + random.Next(2)}");
                }
            })));

        await hosts[0].DrainedAsync(versions.Values.Sum() + early);
        foreach (var host in hosts)
        {
            await host.StopAsync();
        }

        versions["early"] = early;
        var effects = (await hosts[0].EffectsAsync()).ToLookup(effect => effect.Key!, effect => effect.Number);
        foreach (var (key, last) in versions.Where(entry => entry.Key != "early"))
        {
            effects[key].Should().Equal(Enumerable.Range(1, last), $"seed {seed}, {key}: none lost, none twice, in the order of the commits");
        }

        effects["early"].Should().HaveCount(early);
        hosts.Sum(host => host.Handled.Calls.Count).Should().Be(versions.Values.Sum(), "without faults no handler runs twice");
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }

        async Task WriteAsync(ShopHost host, Random random, string key) => await host.InScopeAsync(async (db, bus) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            if (random.Next(3) == 0)
            {
                bus.Publish(new OrderPlaced("early"));
                await db.SaveChangesAsync();
                Interlocked.Increment(ref early);
            }

            await PauseAsync(random);
            var version = await LockAsync(db, key);
            await PauseAsync(random);
            bus.Publish(new OrderPlaced(key, version));
            await db.SaveChangesAsync();
            await PauseAsync(random);
            await transaction.CommitAsync();
            versions.AddOrUpdate(key, version, (_, known) => Math.Max(known, version));
        });
    }

    /// <summary>The seed decides who is ahead: not at all, by a turn of the scheduler, or by some milliseconds.</summary>
    private static async Task PauseAsync(Random random)
    {
        switch (random.Next(3))
        {
            case 0:
                await Task.Yield();
                break;
            case 1:
                await Task.Delay(random.Next(4));
                break;
        }
    }

    private static Guid IdOf(string order) => new(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(order)));

    private static Task CreateOrdersAsync(ShopHost shop, params string[] orders) => shop.InScopeAsync(async (db, _) =>
    {
        db.Orders.AddRange(orders.Select(order => new Order { Id = IdOf(order) }));
        await db.SaveChangesAsync();
    });

    /// <summary>Takes the lock of the order's row and returns its new version: the position of this transaction's commit.</summary>
    private static async Task<int> LockAsync(ShopDb db, string order)
    {
        var id = IdOf(order);
        return (await db.Database.SqlQuery<int>($"""UPDATE "Orders" SET "Version" = "Version" + 1 WHERE "Id" = {id} RETURNING "Version" AS "Value" """).ToListAsync()).Single();
    }

    private static Task ChangeAsync(ShopHost shop, string order) => shop.InScopeAsync(async (db, bus) =>
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        bus.Publish(new OrderPlaced(order, await LockAsync(db, order)));
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
    });

    private static Task PublishAsync(ShopHost shop, string order, int number) => shop.InScopeAsync(async (db, bus) =>
    {
        bus.Publish(new OrderPlaced(order, number));
        await db.SaveChangesAsync();
    });
}
