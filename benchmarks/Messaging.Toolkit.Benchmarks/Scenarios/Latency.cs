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
        return await MeasureAsync(run, tally, publisher: shop, shop);
    }

    /// <summary>Measures with a host that publishes, and one that relays and handles, which may be the same.</summary>
    public static async Task<Sample> MeasureAsync(Run run, Tally tally, ShopHost publisher, ShopHost shop, int lead = 0)
    {
        await shop.StartAsync();
        await Task.Delay(TimeSpan.FromSeconds(1)); // Until the leases are taken: start-up is not what is measured.
        var sample = await Paced.MeasureAsync(run, tally, publisher.PlaceOrderAndPublishAsync, lead: lead);
        await shop.WaitUntilOutboxIsEmptyAsync();
        await shop.StopAsync();
        tally.Verify();
        await shop.VerifyAsync(orders: run.Messages, invoices: run.Messages, claims: run.Messages);
        return sample;
    }

    public async Task<Sample> MeasureFloorAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await ShopHost.CreatePlainAsync(database);
        var took = new double[run.Messages];
        var sample = await run.MeasureAsync(() => Paced.RunAsync(run.Messages, async number =>
        {
            var started = Stopwatch.GetTimestamp();
            await shop.PlaceOrderAsync(number);
            took[number] = Paced.Milliseconds(started, Stopwatch.GetTimestamp());
        }));
        await shop.VerifyAsync(orders: run.Messages);
        return Paced.WithPercentiles(sample, took);
    }
}
