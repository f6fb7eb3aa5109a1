using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// Everything at once in one process: transactions of one row and one message, the relay, and a handler that writes a row,
/// until the outbox is empty. Floor: the transactions alone, without a message.
/// </summary>
internal sealed class Pipeline : IScenario
{
    public string Name => "pipeline";

    public string Unit => "msg/s";

    public int DefaultMessages(DatabaseKind database) => database == DatabaseKind.Sqlite ? 2_000 : 20_000;

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        var tally = new Tally(run.Messages);
        await using var shop = await ShopHost.CreateAsync<InvoiceHandler>(database, tally);
        await shop.StartAsync();
        var sample = await run.MeasureAsync(async () =>
        {
            await Workers.RunAsync(run.Messages, shop.PlaceOrderAndPublishAsync);
            await tally.AllHandledAsync();
            await shop.WaitUntilOutboxIsEmptyAsync();
        });
        await shop.StopAsync();
        tally.Verify();
        await shop.VerifyAsync(orders: run.Messages, invoices: run.Messages, claims: run.Messages);
        return sample;
    }

    public async Task<Sample> MeasureFloorAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await ShopHost.CreatePlainAsync(database);
        var sample = await run.MeasureAsync(() => Workers.RunAsync(run.Messages, shop.PlaceOrderAsync));
        await shop.VerifyAsync(orders: run.Messages);
        return sample;
    }
}
