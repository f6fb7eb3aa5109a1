using System.Diagnostics;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// Fifty transactions a second: from the moment that SaveChanges returned to the publisher until the handler starts.
/// Floor: how long a SaveChanges of the same row takes without a message.
/// </summary>
internal sealed class Latency : IScenario
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    public string Name => "latency";

    public string Unit => "ms";

    /// <summary>One: its length, and not its repetition, is what steadies it.</summary>
    public int DefaultRounds => 1;

    public int DefaultMessages(DatabaseKind database) => 1_500;

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        var tally = new Tally(run.Messages);
        await using var shop = await ShopHost.CreateAsync<InvoiceHandler>(database, tally);
        await shop.StartAsync();
        await Task.Delay(TimeSpan.FromSeconds(1)); // Until the leases are taken: start-up is not what is measured.

        var committedAt = new long[run.Messages];
        var sample = await run.MeasureAsync(async () =>
        {
            await PacedAsync(run.Messages, async number =>
            {
                await shop.PlaceOrderAndPublishAsync(number);
                committedAt[number] = Stopwatch.GetTimestamp();
            });
            await tally.AllHandledAsync();
        });
        await shop.WaitUntilOutboxIsEmptyAsync();
        await shop.StopAsync();
        tally.Verify();
        await shop.VerifyAsync(orders: run.Messages, invoices: run.Messages, claims: run.Messages);

        return WithPercentiles(sample, [.. committedAt.Select((committed, number) => Milliseconds(committed, tally.StartedAt(number)))]);
    }

    public async Task<Sample> MeasureFloorAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await ShopHost.CreatePlainAsync(database);
        var took = new double[run.Messages];
        var sample = await run.MeasureAsync(() => PacedAsync(run.Messages, async number =>
        {
            var started = Stopwatch.GetTimestamp();
            await shop.PlaceOrderAsync(number);
            took[number] = Milliseconds(started, Stopwatch.GetTimestamp());
        }));
        await shop.VerifyAsync(orders: run.Messages);
        return WithPercentiles(sample, took);
    }

    private static async Task PacedAsync(int count, Func<int, Task> work)
    {
        using var timer = new PeriodicTimer(Interval);
        for (var number = 0; number < count; number++)
        {
            await timer.WaitForNextTickAsync();
            await work(number);
        }
    }

    private static Sample WithPercentiles(Sample sample, double[] milliseconds) => sample with
    {
        Value = Median.Of(milliseconds),
        Extra = new Dictionary<string, double>
        {
            ["p95"] = Median.Percentile(milliseconds, 0.95),
            ["p99"] = Median.Percentile(milliseconds, 0.99),
        },
    };

    private static double Milliseconds(long from, long to) => (to - from) * 1000.0 / Stopwatch.Frequency;
}
