using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>Each call of the database fails in turn: everything is handled once and nothing is given up.</summary>
public sealed class FailingDatabaseTests
{
    /// <summary>The orders that a round changes, one transaction each.</summary>
    private static readonly int[] RoundKeys = [0, 0, 1];

    [Theory]
    [InlineData(CallFault.Deadlock, false)]
    [InlineData(CallFault.Deadlock, true)]
    [InlineData(CallFault.LostBefore, false)]
    [InlineData(CallFault.LostBefore, true)]
    [InlineData(CallFault.LostAfter, false)]
    [InlineData(CallFault.LostAfter, true)]
    [InlineData(CallFault.NoReply, false)]
    public async Task Whichever_call_of_the_database_fails_everything_is_handled_once_and_in_order(CallFault fault, bool retryOnFailure)
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var observer = await ShopHost.CreateAsync(database, ShopProcess.Configure);
        await ShopProcess.CreateOrdersAsync(observer);
        await using var proxy = new PostgreSqlProxy(database.ConnectionString);
        await using var shop = await StartAsync(database, proxy, retryOnFailure);
        var versions = new int[ShopProcess.Keys];
        var rounds = 0;
        var step = fault == CallFault.NoReply ? 12 : retryOnFailure ? 2 : 1; // A time-out takes its time, and retries are slower.
        for (var nth = 1; ; nth += step)
        {
            proxy.Fail(nth, fault);
            rounds++;
            foreach (var key in RoundKeys)
            {
                await PlaceAsync(shop, key, ++versions[key]);
            }

            await observer.DrainedAsync(3 * RoundKeys.Length * rounds);
            if (!proxy.WasHit)
            {
                break; // The round has no more calls than that.
            }
        }

        await shop.StopAsync();
        rounds.Should().BeGreaterThan(5);
        (await observer.QueryAsync(db => db.Orders.SumAsync(order => order.Version))).Should().Be(rounds * RoundKeys.Length);
        shop.Log.Lines.Any(line => line.Id == 25).Should().Be(
            fault == CallFault.LostAfter && !retryOnFailure, "only a commit that took effect unseen, and that nobody asked for, makes its messages come again");
        await ShopProcess.ShouldBeExactAsync(observer);
    }

    [Fact]
    public async Task Cancelled_at_any_call_a_save_has_happened_with_its_messages_or_not_at_all()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var proxy = new PostgreSqlProxy(database.ConnectionString);
        await using var publisher = await ShopHost.CreateAsync(
            database, ShopProcess.Configure, services => services.AddDbContext<ShopDb>(options => options.UseNpgsql(proxy.ConnectionString)));
        await ShopProcess.CreateOrdersAsync(publisher);
        var cancelled = 0;
        for (var nth = 1; ; nth++)
        {
            using var cancellation = new CancellationTokenSource();
            proxy.OnNoted = cancellation.Cancel;
            proxy.Fail(nth, CallFault.Noted);
            try
            {
                await ChangeAsync(publisher, cancellation.Token);
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }
            catch (DbUpdateConcurrencyException)
            {
                // A commit that was cancelled on its way took effect when this one had read the order already.
            }

            if (!proxy.WasHit)
            {
                break;
            }
        }

        proxy.OnNoted = () => { };
        await ChangeAsync(publisher, CancellationToken.None);
        await using var shop = await ShopHost.StartAsync(database, ShopProcess.Configure);
        await shop.DrainedAsync(await ShopProcess.EffectsOwedAsync(shop));
        await shop.StopAsync();
        await ShopProcess.ShouldBeExactAsync(shop);
        cancelled.Should().BeGreaterThan(4);

        // The first order in a transaction of EF's, the second in one of the caller's; each with the version it had when read.
        static Task ChangeAsync(ShopHost host, CancellationToken token) => host.InScopeAsync(async (db, bus) =>
        {
            var id = ShopProcess.OrderOf(0);
            var order = await db.Orders.SingleAsync(order => order.Id == id, token);
            bus.Publish(new OrderPlaced("order-0", ++order.Version));
            await db.SaveChangesAsync(token);

            await using var transaction = await db.Database.BeginTransactionAsync(token);
            id = ShopProcess.OrderOf(1);
            order = await db.Orders.SingleAsync(order => order.Id == id, token);
            bus.Publish(new OrderPlaced("order-1", ++order.Version));
            await db.SaveChangesAsync(token);
            await transaction.CommitAsync(token);
        });
    }

    [Fact]
    public async Task While_another_program_has_SQLites_lock_messages_wait_and_none_is_given_up()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await StartAsync(services => services.AddDbContext<ShopDb>(options => options.UseSqlite(database.ConnectionString + ";Default Timeout=1")), database);
        await ShopProcess.CreateOrdersAsync(shop);
        for (var i = 0; i < 50; i++)
        {
            await ShopProcess.PlaceAsync(shop, i % ShopProcess.Keys);
        }

        await using (var other = new Microsoft.Data.Sqlite.SqliteConnection(database.ConnectionString))
        {
            await other.OpenAsync();
            await using var transaction = await other.BeginTransactionAsync();
            await Verdict.EventuallyAsync(
                () => Task.FromResult(shop.Log.Lines.Count(line => line.Id is 1 or 21) >= 2), "calls that found the database locked");
        }

        await shop.DrainedAsync(150);
        await shop.StopAsync();
        await ShopProcess.ShouldBeExactAsync(shop);
    }

    private static Task<ShopHost> StartAsync(TestDatabase database, PostgreSqlProxy proxy, bool retryOnFailure) => StartAsync(
        services => services.AddDbContext<ShopDb>(options => options.UseNpgsql(proxy.ConnectionString, npgsql =>
        {
            npgsql.CommandTimeout(1);
            if (retryOnFailure)
            {
                npgsql.EnableRetryOnFailure(6, TimeSpan.FromMilliseconds(200), null);
            }
        })),
        database);

    /// <summary>Handlers get no second attempt: whatever is not recognized as the database's failure ends in the dead letters.</summary>
    internal static Task<ShopHost> StartAsync(Action<IServiceCollection> services, TestDatabase database) => ShopHost.StartAsync(
        database,
        m => ShopHost.Messages(m)
            .Outbox(o =>
            {
                o.LeaseDuration = TimeSpan.FromSeconds(1.5);
                o.MaxPollInterval = TimeSpan.FromMilliseconds(100);
                o.MaxBackoff = TimeSpan.FromMilliseconds(500);
            })
            .Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>().OnFailure(f => f.RetryImmediately(0)))
            .Endpoint("shop", e => e.Handle<OrderPlaced, OrderPlacedHandler>().Handle<CardCharged, CardChargedHandler>().OnFailure(f => f.RetryImmediately(0))),
        services);

    /// <summary>Tries until it knows that the order has this version, as an application would: a version that is there was committed.</summary>
    private static async Task PlaceAsync(ShopHost shop, int key, int version)
    {
        var id = ShopProcess.OrderOf(key);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await shop.InScopeAsync((db, bus) => db.ExecuteInTransactionAsync(async _ =>
                {
                    var changed = await db.Orders.Where(order => order.Id == id && order.Version == version - 1)
                        .ExecuteUpdateAsync(set => set.SetProperty(order => order.Version, version));
                    if (changed == 1)
                    {
                        bus.Publish(new OrderPlaced($"order-{key}", version));
                    }
                }));
                return;
            }
            catch (Exception) when (attempt < 10)
            {
                // The next attempt finds out what became of this one.
            }
        }
    }
}
