using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>Measures the hand-written versions in one process as the scenarios measure the toolkit, from the same beginnings to the same ends.</summary>
internal static class HandWrittenSamples
{
    public static async Task<Sample> PublishAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await HandWrittenShop.CreateAsync(database);
        var sample = await run.MeasureAsync(() => Workers.RunAsync(run.Messages, new HandWrittenOutbox(shop).PlaceOrderAndPublishAsync));
        await shop.VerifyAsync(orders: run.Messages, unsent: run.Messages);
        return sample;
    }

    public static async Task<Sample> ConsumeAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await HandWrittenShop.CreateAsync(database);
        await shop.FillOutboxAsync(run.Messages);
        var relay = new HandWrittenRelay(shop.Connections, new HandWrittenHandlers(new HandWrittenEfConsumer(shop).HandleAsync).DeliverAsync);
        var sample = await run.MeasureAsync(() => relay.RunWhileAsync(shop.WaitUntilSentAsync));
        await shop.VerifyAsync(invoices: run.Messages, sent: run.Messages, handled: run.Messages);
        return sample;
    }

    public static async Task<Sample> PipelineAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await HandWrittenShop.CreateAsync(database);
        var relay = new HandWrittenRelay(shop.Connections, new HandWrittenHandlers(new HandWrittenEfConsumer(shop).HandleAsync).DeliverAsync);
        var sample = await run.MeasureAsync(() => relay.RunWhileAsync(() => PublishAllAsync(run, shop, relay)));
        await shop.VerifyAsync(orders: run.Messages, invoices: run.Messages, sent: run.Messages, handled: run.Messages);
        return sample;
    }

    /// <summary>Each transaction wakes the relay, as those of the toolkit do.</summary>
    public static async Task PublishAllAsync(Run run, HandWrittenShop shop, HandWrittenRelay relay)
    {
        var outbox = new HandWrittenOutbox(shop);
        await Workers.RunAsync(run.Messages, async number =>
        {
            await outbox.PlaceOrderAndPublishAsync(number);
            relay.Wake();
        });
        await shop.WaitUntilSentAsync();
    }
}
