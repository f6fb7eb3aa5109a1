using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.HandWritten;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>Transactions of one row and one message, nobody relaying. Floor: the same transactions without the message.</summary>
internal sealed class Publish : IScenario
{
    public string Name => "publish";

    public string Unit => "tx/s";

    public IReadOnlyList<Baseline> Baselines => [new("hand_written", HandWrittenSamples.PublishAsync)];

    public int DefaultMessages(DatabaseKind database) => database == DatabaseKind.Sqlite ? 2_000 : 10_000;

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await ShopHost.CreatePublisherAsync(database);
        var sample = await run.MeasureAsync(() => Workers.RunAsync(run.Messages, shop.PlaceOrderAndPublishAsync));
        await shop.VerifyAsync(orders: run.Messages, outbox: run.Messages);
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
