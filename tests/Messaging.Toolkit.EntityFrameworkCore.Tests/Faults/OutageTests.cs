using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>The whole database goes away and comes back: the host goes on by itself, without a restart.</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task While_the_database_is_gone_nothing_is_given_up_and_afterwards_everything_goes_on_by_itself()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var observer = await ShopHost.CreateAsync(database, ShopProcess.Configure);
        await ShopProcess.CreateOrdersAsync(observer);
        await using var proxy = new PostgreSqlProxy(database.ConnectionString);
        await using var shop = await StartAsync(database, proxy);
        for (var outage = 0; outage < 2; outage++)
        {
            for (var i = 0; i < 100; i++)
            {
                await ShopProcess.PlaceAsync(observer, i % ShopProcess.Keys);
            }

            await shop.HandledAsync(shop.Handled.Calls.Count + 1);
            proxy.GoDown();
            await Task.Delay(TimeSpan.FromSeconds(4)); // More than two leases: the fault itself, not a wait for anything.
            proxy.ComeUp();
            await observer.DrainedAsync(await ShopProcess.EffectsOwedAsync(observer));
        }

        await shop.StopAsync();
        await ShopProcess.ShouldBeExactAsync(observer);
    }

    [Fact]
    public async Task Sessions_that_the_administrator_ends_again_and_again_cost_no_message_and_double_none()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var observer = await ShopHost.CreateAsync(database, ShopProcess.Configure);
        await ShopProcess.CreateOrdersAsync(observer);
        await using var proxy = new PostgreSqlProxy(database.ConnectionString);
        await using var shop = await StartAsync(database, proxy);
        for (var time = 1; time <= 15; time++)
        {
            var calls = shop.Handled.Calls.Count;
            for (var i = 0; i < 20; i++)
            {
                await ShopProcess.PlaceAsync(observer, i % ShopProcess.Keys);
            }

            await shop.HandledAsync(calls + time);
            await observer.QueryAsync(db => db.Database.ExecuteSqlRawAsync(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'behind the proxy' AND datname = current_database()"));
        }

        await observer.DrainedAsync(await ShopProcess.EffectsOwedAsync(observer));
        await shop.StopAsync();
        await ShopProcess.ShouldBeExactAsync(observer);
    }

    private static Task<ShopHost> StartAsync(TestDatabase database, PostgreSqlProxy proxy)
    {
        var connectionString = new NpgsqlConnectionStringBuilder(proxy.ConnectionString) { ApplicationName = "behind the proxy" }.ConnectionString;
        return FailingDatabaseTests.StartAsync(services => services.AddDbContext<ShopDb>(options => options.UseNpgsql(connectionString)), database);
    }
}
