using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// Sagas of three steps, each a command, a handler that writes a row, and a reply: from the first start, by 8 workers, until all have
/// completed and the outbox is empty. Floor: what they take at least, as plain transactions by 8 workers: for each saga the start and three
/// replies, of the rows that each writes (claim, instance, two of history, outbox), and three commands (claim, row, outbox).
/// </summary>
internal sealed class RunSagas : IScenario
{
    private const int RowsOfReply = 5;
    private const int RowsOfCommand = 3;

    public string Name => "saga";

    public string Unit => "sagas/s";

    public int DefaultMessages(DatabaseKind database) => database == DatabaseKind.Sqlite ? 1_000 : 5_000;

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await ShopHost.CreateSagasAsync(database);
        await shop.StartAsync();
        var sample = await run.MeasureAsync(async () =>
        {
            await Workers.RunAsync(run.Messages, shop.StartSagaAsync);
            await shop.WaitForSagasAsync(run.Messages);
            await shop.WaitUntilOutboxIsEmptyAsync();
        });
        await shop.StopAsync();
        await shop.VerifyAsync(invoices: DeliverySaga.Steps * run.Messages, claims: (1 + (2 * DeliverySaga.Steps)) * run.Messages);
        return sample;
    }

    public async Task<Sample> MeasureFloorAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await ShopHost.CreatePlainAsync(database);
        var sample = await run.MeasureAsync(() => Workers.RunAsync(run.Messages, async number =>
        {
            await shop.WriteRowsAsync(number, RowsOfReply);
            for (var step = 0; step < DeliverySaga.Steps; step++)
            {
                await shop.WriteRowsAsync(number, RowsOfCommand);
                await shop.WriteRowsAsync(number, RowsOfReply);
            }
        }));
        await shop.VerifyAsync(invoices: run.Messages * (RowsOfReply + (DeliverySaga.Steps * (RowsOfCommand + RowsOfReply))));
        return sample;
    }
}
