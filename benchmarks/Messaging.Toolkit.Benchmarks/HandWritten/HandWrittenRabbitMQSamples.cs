using Messaging.Toolkit.Benchmarks.Brokers.RabbitMQ;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Scenarios;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>Measures the hand-written versions over RabbitMQ as the scenarios measure the toolkit, on the same queue, from the same beginnings to the same ends.</summary>
internal static class HandWrittenRabbitMQSamples
{
    /// <summary>Two batches at once were faster here. Where the relay runs beside its publishers no difference could be measured.</summary>
    public static async Task<Sample> RelayAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await RabbitMQBroker.CreateAsync();
        await using var shop = await HandWrittenShop.CreateAsync(database);
        await shop.FillOutboxAsync(run.Messages);
        await using var sender = await HandWrittenSender.OpenAsync(broker);
        var sample = await run.MeasureAsync(() => new HandWrittenRelay(shop.Connections, sender.SendAsync, loops: 2).RunWhileAsync(shop.WaitUntilSentAsync));
        await shop.VerifyAsync(sent: run.Messages);
        await VerifyQueueAsync(run, broker);
        return sample;
    }

    public static Task<Sample> ConsumeByEfAsync(Run run) => ConsumeAsync(run, shop => new HandWrittenEfConsumer(shop).HandleAsync);

    public static Task<Sample> ConsumeBySqlAsync(Run run) => ConsumeAsync(run, shop => new HandWrittenSqlConsumer(shop).HandleAsync);

    public static async Task<Sample> PipelineAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await RabbitMQBroker.CreateAsync();
        await using var shop = await HandWrittenShop.CreateAsync(database);
        Sample sample;
        await using (var queue = await HandWrittenQueue.OpenAsync(broker, run.Messages, new HandWrittenEfConsumer(shop).HandleAsync))
        {
            await using var sender = await HandWrittenSender.OpenAsync(broker);
            var relay = new HandWrittenRelay(shop.Connections, sender.SendAsync);
            sample = await run.MeasureAsync(() => relay.RunWhileAsync(() => Task.WhenAll(HandWrittenSamples.PublishAllAsync(run, shop, relay), queue.AllAcknowledgedAsync())));
        }

        await shop.VerifyAsync(orders: run.Messages, invoices: run.Messages, sent: run.Messages, handled: run.Messages);
        await broker.VerifyEmptyAsync();
        return sample;
    }

    /// <summary>
    /// The path of one message with what an outbox and a claim ask of it, and nothing else: it is written with its row, read from the table by whoever has written it, published, confirmed and
    /// marked; and noted in the open transaction that has claimed it, before that commits.
    /// </summary>
    public static async Task<Sample> LatencyAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await RabbitMQBroker.CreateAsync();
        await using var shop = await HandWrittenShop.CreateAsync(database);
        var outbox = new HandWrittenOutbox(shop);
        var claims = new HandWrittenSqlConsumer(shop);
        var tally = new Tally(run.Messages);
        Sample sample;
        await using (var path = await RabbitMQPath.OpenAsync(broker, tally, claims.ClaimAsync))
        {
            var published = 0;
            var relay = new HandWrittenRelay(shop.Connections, batch => Task.WhenAll(batch.Select(_ => path.PublishAsync(published++))));
            sample = await Paced.MeasureAsync(run, tally, outbox.PlaceOrderAndPublishAsync, async _ => Check.Equal(1, await relay.RelayBatchAsync(), "rows"));
        }

        tally.Verify();
        await shop.VerifyAsync(orders: run.Messages, sent: run.Messages, handled: run.Messages);
        await broker.VerifyEmptyAsync();
        return sample;
    }

    private static async Task<Sample> ConsumeAsync(Run run, Func<HandWrittenShop, Func<Guid, OrderPlaced, Task>> handlerOf)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await RabbitMQBroker.CreateAsync();
        await (await broker.PrepareToSendAsync(run.Messages))();
        await using var shop = await HandWrittenShop.CreateAsync(database);
        var sample = await run.MeasureAsync(async () =>
        {
            await using var queue = await HandWrittenQueue.OpenAsync(broker, run.Messages, handlerOf(shop));
            await queue.AllAcknowledgedAsync();
        });
        await shop.VerifyAsync(invoices: run.Messages, handled: run.Messages);
        await broker.VerifyEmptyAsync();
        return sample;
    }

    /// <summary>All have come, each once. Order is not looked at, since nobody promised it.</summary>
    private static async Task VerifyQueueAsync(Run run, RabbitMQBroker broker)
    {
        var numbers = await broker.TakeAllAsync().Select(message => message.Order.Number).ToListAsync();
        Check.Equal(run.Messages, numbers.Count, "messages in the queue");
        Check.Equal(run.Messages, numbers.Distinct().Count(), "different messages in the queue");
    }
}
