using Messaging.Toolkit.Benchmarks.Brokers;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.HandWritten;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// Everything at once in one process: transactions of one row and one message, the relay, and a handler that writes a row,
/// until the outbox is empty and everything was handled. Floor: the transactions alone, without a message.
/// </summary>
internal sealed class Pipeline(string transport = TransportNames.InProcess) : IScenario
{
    public string Name => "pipeline";

    public string Transport => transport;

    public string Unit => "msg/s";

    public IReadOnlyList<Baseline> Baselines => transport switch
    {
        TransportNames.InProcess => [new("hand_written", HandWrittenSamples.PipelineAsync)],
        TransportNames.RabbitMQ => [new("hand_written", HandWrittenRabbitMQSamples.PipelineAsync)],
        _ => [],
    };

    public int DefaultMessages(DatabaseKind database) => database == DatabaseKind.Sqlite ? 2_000 : 20_000;

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await BenchmarkBroker.CreateUnlessInProcessAsync(transport);
        var tally = new Tally(run.Messages);
        await using var shop = await ShopHost.CreateAsync<InvoiceHandler>(database, tally, broker);
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
        await (broker?.VerifyEmptyAsync() ?? Task.CompletedTask);
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
