using Messaging.Toolkit.Benchmarks.Brokers;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.HandWritten;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// A full queue of a broker and a handler that writes a row by EF: from the start of the host until it has stopped with everything
/// committed and acknowledged. Floor: the bare client and EF by hand, the same rows and as many claims. What has come is written by
/// as many workers as the endpoint has, each key by one of them, a transaction each, and acknowledged with one word.
/// </summary>
internal sealed class ConsumeFromBroker(string transport, bool offsetsInDatabase = false, int concurrency = Workers.Count) : IScenario
{
    /// <summary>How many messages the floor takes at most before it acknowledges them. Found by trying: 1,000 is as fast, 4,000 slower.</summary>
    private const int GroupSize = 2_000;

    public string Name => "consume";

    public string Transport => transport;

    public string Unit => "msg/s";

    public IReadOnlyList<Baseline> Baselines => transport == TransportNames.RabbitMQ
        ? [new("hand_written_ef", HandWrittenRabbitMQSamples.ConsumeByEfAsync), new("hand_written_sql", HandWrittenRabbitMQSamples.ConsumeBySqlAsync), new("saves_alone", SavesAlone.MeasureAsync)]
        : [];

    public int DefaultMessages(DatabaseKind database) => database == DatabaseKind.Sqlite ? 5_000 : transport == TransportNames.Kafka ? BenchmarkBroker.MessagesOfKafka : 50_000;

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await BenchmarkBroker.CreateAsync(transport, offsetsInDatabase);
        await (await broker.PrepareToSendAsync(run.Messages))();
        var tally = new Tally(run.Messages);
        await using var shop = await ShopHost.CreateAsync<InvoiceHandler>(database, tally, broker, concurrency);
        var sample = await run.MeasureAsync(async () =>
        {
            await shop.StartAsync();
            await tally.AllHandledAsync();
            await shop.StopAsync();
        });
        tally.Verify();
        await shop.VerifyAsync(invoices: run.Messages, claims: offsetsInDatabase ? 0 : run.Messages);
        await broker.VerifyEmptyAsync();
        return sample;
    }

    public async Task<Sample> MeasureFloorAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await BenchmarkBroker.CreateAsync(transport);
        await (await broker.PrepareToSendAsync(run.Messages))();
        await using var shop = await ShopHost.CreatePlainAsync(database);
        var sample = await run.MeasureAsync(() => ConsumeAsync(run, broker, shop));
        await shop.VerifyAsync(invoices: run.Messages, claims: run.Messages);
        await broker.VerifyEmptyAsync();
        return sample;
    }

    private static async Task ConsumeAsync(Run run, BenchmarkBroker broker, ShopHost shop)
    {
        await using var consumer = await broker.OpenConsumerAsync();
        for (var remaining = run.Messages; remaining > 0;)
        {
            var group = await consumer.ReceiveAsync(GroupSize);
            await Task.WhenAll(group.GroupBy(message => message.Order.Customer % Workers.Count).Select(part => Task.Run(() => shop.WriteInvoicesAndClaimsAsync(part))));
            await consumer.AcknowledgeAsync(group);
            remaining -= group.Count;
        }
    }
}
