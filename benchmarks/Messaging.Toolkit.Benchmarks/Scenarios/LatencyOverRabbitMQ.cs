using Messaging.Toolkit.Benchmarks.Brokers.RabbitMQ;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.HandWritten;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// <see cref="Latency"/> with RabbitMQ between the outbox and the handler. Floor: the bare path, from the return of a SaveChanges without a message, after
/// which the message is published by the bare client, until the bare client calls its consumer.
/// </summary>
internal sealed class LatencyOverRabbitMQ : IScenario
{
    private readonly Latency inProcess = new();

    public string Name => inProcess.Name;

    public string Transport => TransportNames.RabbitMQ;

    public string Unit => inProcess.Unit;

    public IReadOnlyList<Baseline> Baselines { get; } = [new("outbox_and_claim", HandWrittenRabbitMQSamples.LatencyAsync)];

    public int DefaultRounds => inProcess.DefaultRounds;

    public int DefaultMessages(DatabaseKind database) => inProcess.DefaultMessages(database);

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await RabbitMQBroker.CreateAsync();
        var tally = new Tally(run.Messages);
        await using var shop = await ShopHost.CreateAsync<InvoiceHandler>(database, tally, broker);
        var sample = await Latency.MeasureAsync(run, tally, publisher: shop, shop);
        await broker.VerifyEmptyAsync();
        return sample;
    }

    public async Task<Sample> MeasureFloorAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await RabbitMQBroker.CreateAsync();
        await using var shop = await ShopHost.CreatePlainAsync(database);
        var tally = new Tally(run.Messages);
        Sample sample;
        await using (var path = await RabbitMQPath.OpenAsync(broker, tally))
        {
            sample = await Paced.MeasureAsync(run, tally, shop.PlaceOrderAsync, path.PublishAsync);
        }

        tally.Verify();
        await shop.VerifyAsync(orders: run.Messages);
        await broker.VerifyEmptyAsync();
        return sample;
    }
}
