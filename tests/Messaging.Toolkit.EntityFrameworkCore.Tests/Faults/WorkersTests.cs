using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>Messages with quick handlers share a few workers, and nobody waits for a handler that is not quick any more.</summary>
public sealed class WorkersTests
{
    private const int Concurrency = 4;
    private const int Quick = 60;

    [Fact]
    public async Task Handlers_that_hang_where_all_were_quick_hold_up_nobody_while_there_are_workers()
    {
        var inside = new SemaphoreSlim(0);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql); // SQLite has one writer, and here handlers wait for each other.
        await using var host = await ShopHost.StartAsync(database, Script.Of(
            call =>
            {
                if (!call.Key.StartsWith("hangs", StringComparison.Ordinal))
                {
                    return Task.CompletedTask;
                }

                inside.Release();
                return goOn.Task;
            },
            endpoint => endpoint.Concurrency(Concurrency)));
        await PublishAsync(host, Enumerable.Range(0, Quick).Select(number => $"quick-{number}"));
        await host.HandledAsync(Quick);

        for (var hanging = 1; hanging < Concurrency; hanging++)
        {
            await PublishAsync(host, [$"hangs-{hanging}"]);
            (await inside.WaitAsync(ShopHost.Patience)).Should().BeTrue("a worker is free");
        }

        await PublishAsync(host, ["quick"]);
        await host.HandledAsync(Quick + Concurrency);
        goOn.SetResult();

        await host.StopAsync();
        (await host.EffectsAsync()).Should().HaveCount(Quick + Concurrency);
    }

    private static Task PublishAsync(ShopHost host, IEnumerable<string> keys) => host.InScopeAsync(async (db, bus) =>
    {
        foreach (var key in keys)
        {
            bus.Publish(new OrderPlaced(key, 1));
        }

        await db.SaveChangesAsync();
    });
}
