using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>A host that stops in the middle of everything loses nothing, and with enough time does nothing twice.</summary>
public sealed class StopTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory, EachDatabase]
    public async Task Stopped_at_random_moments_with_enough_time_hosts_handle_everything_and_call_no_handler_twice(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var handled = new Handled();
        await using var observer = await ShopHost.CreateAsync(database, ShopProcess.Configure);
        await ShopProcess.CreateOrdersAsync(observer);
        var random = new Random(4);
        for (var life = 0; life < 6; life++)
        {
            await using var host = await ShopHost.StartAsync(database, m => ShopProcess.Configure(m.With(handled)));
            var publishing = PublishAsync(host, random.Next(), 40);
            await handled.WaitAsync(handled.Calls.Count + random.Next(1, 60)).WaitAsync(Patience);
            var stop = StopAsync(host, Patience);
            await Task.WhenAny(stop, Task.Delay(TimeSpan.FromSeconds(10)));
            stop.IsCompleted.Should().BeTrue($"in life {life} there is nothing to wait for but handlers that run");
            await publishing;
        }

        await ShouldEndExactAsync(database, observer, handled);
        handled.Calls.Should().HaveCount(await ShopProcess.EffectsOwedAsync(observer), "none of the stops was a fault");
    }

    [Theory, EachDatabase]
    public async Task Stopped_at_random_moments_without_time_hosts_lose_nothing_and_have_no_effect_twice(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var handled = new Handled();
        await using var observer = await ShopHost.CreateAsync(database, ShopProcess.Configure);
        await ShopProcess.CreateOrdersAsync(observer);
        var random = new Random(5);
        for (var life = 0; life < 6; life++)
        {
            await using var host = await ShopHost.StartAsync(database, m => ShopProcess.Configure(m.With(handled)));
            var publishing = PublishAsync(host, random.Next(), 40);
            await handled.WaitAsync(handled.Calls.Count + random.Next(1, 60)).WaitAsync(Patience);
            await StopAsync(host, TimeSpan.FromMilliseconds(1)).WaitAsync(TimeSpan.FromSeconds(10));
            await publishing;
        }

        await ShouldEndExactAsync(database, observer, handled);
    }

    [Fact]
    public async Task A_page_that_is_read_while_the_host_stops_does_not_hold_it_up()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql); // SQLite has one writer, and here a handler waits for it.
        var isHandling = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var handlerGoesOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isReading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gates = new Gates
        {
            AfterRead = async (rows, stopping) =>
            {
                if (rows > 0 && isHandling.Task.IsCompleted)
                {
                    isReading.TrySetResult();
                    await Task.Delay(Timeout.Infinite, stopping).ContinueWith(_ => { }, TaskScheduler.Default);
                    await Task.Delay(200, CancellationToken.None); // The database answers late.
                    handlerGoesOn.TrySetResult();
                }
            },
        };
        await using var shop = await ShopHost.StartAsync(database, m =>
        {
            Script.Of(call =>
            {
                isHandling.TrySetResult();
                return handlerGoesOn.Task;
            })(m);
            gates.Install(m);
        });
        await PublishAsync("order-1");
        await isHandling.Task;
        await PublishAsync("order-2");
        await isReading.Task;

        await StopAsync(shop, Patience).WaitAsync(TimeSpan.FromSeconds(5));

        (await shop.OutboxAsync()).Should().ContainSingle(row => row.Key == "order-2", "it was never received");
        await using var next = await ShopHost.StartAsync(database, Script.Of());
        await next.DrainedAsync(2);
        await next.StopAsync();
        await next.ShouldHaveHandledInOrderAsync(new Dictionary<string, int> { ["order-1"] = 1, ["order-2"] = 1 });

        Task PublishAsync(string order) => shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced(order, 1));
            await db.SaveChangesAsync();
        });
    }

    [Fact]
    public async Task Stopping_twice_or_before_anything_has_begun_is_no_failure()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.CreateAsync(database, Script.Of());
        var messaging = shop.Services.GetServices<IHostedService>().Single();
        await messaging.StopAsync(CancellationToken.None);

        await using var other = await ShopHost.CreateAsync(database, Script.Of());
        messaging = other.Services.GetServices<IHostedService>().Single();
        var start = messaging.StartAsync(CancellationToken.None);
        await Task.WhenAll(start, messaging.StopAsync(CancellationToken.None), messaging.StopAsync(CancellationToken.None)).WaitAsync(TimeSpan.FromSeconds(10));
        await messaging.StopAsync(CancellationToken.None);
    }

    private static Task PublishAsync(ShopHost host, int seed, int transactions) => Task.Run(async () =>
    {
        var random = new Random(seed);
        for (var i = 0; i < transactions; i++)
        {
            await ShopProcess.PlaceAsync(host, random.Next(ShopProcess.Keys));
        }
    });

    private static async Task StopAsync(ShopHost host, TimeSpan time)
    {
        using var limit = new CancellationTokenSource(time);
        await host.Services.GetRequiredService<IHost>().StopAsync(limit.Token);
    }

    private static async Task ShouldEndExactAsync(TestDatabase database, ShopHost observer, Handled handled)
    {
        await using var last = await ShopHost.StartAsync(database, m => ShopProcess.Configure(m.With(handled)));
        await last.DrainedAsync(await ShopProcess.EffectsOwedAsync(observer));
        await last.StopAsync();
        await ShopProcess.ShouldBeExactAsync(observer);
    }
}
