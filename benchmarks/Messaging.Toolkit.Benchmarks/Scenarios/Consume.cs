using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.HandWritten;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// A full outbox and a handler that writes a row by EF: from the start of the host until the outbox is empty. Floor: the
/// same rows by EF alone, each in its own scope and SaveChanges, on as many workers as the endpoint has.
/// </summary>
internal sealed class Consume : IScenario
{
    public string Name => "consume";

    public string Unit => "msg/s";

    public IReadOnlyList<Baseline> Baselines => [new("hand_written", HandWrittenSamples.ConsumeAsync)];

    public int DefaultMessages(DatabaseKind database) => database == DatabaseKind.Sqlite ? 5_000 : 50_000;

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using (var publisher = await ShopHost.CreatePublisherAsync(database))
        {
            await publisher.PublishManyAsync(run.Messages);
        }

        var tally = new Tally(run.Messages);
        await using var shop = await ShopHost.CreateAsync<InvoiceHandler>(database, tally);
        var sample = await run.MeasureAsync(async () =>
        {
            await shop.StartAsync();
            await tally.AllHandledAsync();
            await shop.WaitUntilOutboxIsEmptyAsync();
        });
        await shop.StopAsync();
        tally.Verify();
        await shop.VerifyAsync(invoices: run.Messages, claims: run.Messages);
        return sample;
    }

    public async Task<Sample> MeasureFloorAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await ShopHost.CreatePlainAsync(database);
        var sample = await run.MeasureAsync(() => Workers.RunAsync(run.Messages, shop.WriteInvoiceAsync));
        await shop.VerifyAsync(invoices: run.Messages);
        return sample;
    }
}
