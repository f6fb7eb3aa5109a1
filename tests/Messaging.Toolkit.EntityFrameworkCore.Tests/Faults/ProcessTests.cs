using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>Real processes that are killed or frozen in the middle of publishing and handling.</summary>
public sealed class ProcessTests
{
    [Theory, EachDatabase]
    public async Task Whatever_was_committed_before_kills_is_handled_exactly_once_and_in_order(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database, ShopProcess.Configure);
        await ShopProcess.CreateOrdersAsync(shop);
        var random = new Random(20250101);
        for (var life = 0; life < 3; life++)
        {
            using var process = await ShopProcess.StartAsync(database, random.Next(), transactions: 150);
            var goal = await CountAsync(shop) + random.Next(20, 200);
            await Verdict.EventuallyAsync(async () => await CountAsync(shop) >= goal, "some effects in this life");
            await Task.Delay(random.Next(20)); // The moment of the kill, not a wait for anything.
            process.Kill();
        }

        await shop.StartAsync();
        await shop.DrainedAsync(await ShopProcess.EffectsOwedAsync(shop));
        await shop.StopAsync();
        await ShopProcess.ShouldBeExactAsync(shop);
    }

    [Fact]
    public async Task A_process_frozen_past_its_lease_is_replaced_and_does_no_harm_when_it_goes_on()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.StartAsync(database, ShopProcess.Configure);
        await ShopProcess.CreateOrdersAsync(shop);
        using var process = await ShopProcess.StartAsync(database, seed: 0, transactions: 0);
        await Verdict.EventuallyAsync(async () => (await BucketsAsync(shop)).Count(share => share == 32) == 2, "equal shares");
        string[] quiet = [.. Enumerable.Range(8, 8).Select(key => $"order-{key}")];

        for (var freeze = 0; freeze < 3; freeze++)
        {
            for (var i = 0; i < 100; i++)
            {
                await ShopProcess.PlaceAsync(shop, i % 8);
            }

            process.Freeze();
            try
            {
                // The time of its lease, and the other's next look at the leases, with some allowance for a busy machine.
                await Verdict.EventuallyAsync(async () => await OwnedByAsync(shop, process.Id) == 0, "the frozen one's buckets are taken", TimeSpan.FromSeconds(6));
                var goal = await CountAsync(shop, quiet) + 24;
                for (var key = 8; key < 16; key++)
                {
                    await ShopProcess.PlaceAsync(shop, key);
                }

                await Verdict.EventuallyAsync(
                    async () => await CountAsync(shop, quiet) >= goal, "keys that it was not handling are handled while it is frozen", TimeSpan.FromSeconds(6));
            }
            finally
            {
                process.Thaw();
            }

            await Verdict.EventuallyAsync(async () => await OwnedByAsync(shop, process.Id) == 32, "the thawed one has its share again");
        }

        await Verdict.EventuallyAsync(async () => await CountAsync(shop) >= await ShopProcess.EffectsOwedAsync(shop), "all is handled");
        await process.StopAsync();
        await shop.DrainedAsync(await ShopProcess.EffectsOwedAsync(shop));
        await shop.StopAsync();
        await ShopProcess.ShouldBeExactAsync(shop);
    }

    private static Task<int> CountAsync(ShopHost shop) => shop.QueryAsync(db => db.Effects.CountAsync());

    private static Task<int> CountAsync(ShopHost shop, params string[] keys) => shop.QueryAsync(db => db.Effects.CountAsync(effect => keys.Contains(effect.Key)));

    private static Task<List<int>> BucketsAsync(ShopHost shop) => shop.QueryAsync(db => db.Set<LeaseRow>()
        .Where(lease => lease.Owner != null && lease.Name.StartsWith("bucket/")).GroupBy(lease => lease.Owner).Select(group => group.Count()).ToListAsync());

    private static Task<int> OwnedByAsync(ShopHost shop, int process) => shop.QueryAsync(db => db.Set<LeaseRow>()
        .CountAsync(lease => lease.Name.StartsWith("bucket/") && lease.Owner!.Contains($"/{process}/")));
}
