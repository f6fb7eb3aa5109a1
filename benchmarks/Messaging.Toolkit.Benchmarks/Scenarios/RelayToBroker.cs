using Messaging.Toolkit.Benchmarks.Brokers;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.HandWritten;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// A full outbox that the relay sends to a broker: from the first messages, when the host has started and the clients have found their broker, until all is confirmed and deleted.
/// Floor: the same messages, ready in memory, by the bare client, which has found it, too.
/// </summary>
internal sealed class RelayToBroker(string transport) : IScenario
{
    public string Name => "relay";

    public string Transport => transport;

    public string Unit => "msg/s";

    public IReadOnlyList<Baseline> Baselines
    {
        get
        {
            var rowsAlone = new Baseline("rows_alone", run => RowsAlone.MeasureAsync(run, transport));
            return transport == TransportNames.RabbitMQ ? [new("hand_written", HandWrittenRabbitMQSamples.RelayAsync), rowsAlone] : [rowsAlone];
        }
    }

    /// <summary>Kafka's client does 100,000 and more a second: with 20,000, all that the cluster is sure to keep, it would be measured how relays begin and end.</summary>
    public int DefaultMessages(DatabaseKind database) => transport == TransportNames.Kafka ? 200_000 : 50_000;

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await BenchmarkBroker.CreateAsync(transport);
        await using (var publisher = await ShopHost.CreatePublisherAsync(database, broker))
        {
            await publisher.PublishManyAsync(run.Messages);
            await publisher.VerifyAsync(outbox: run.Messages);
        }

        await using var shop = await ShopHost.CreateRelayAsync(database, broker);
        await shop.StartAsync();
        await broker.WaitUntilFilledAsync(1);
        var sample = await run.MeasureAsync(async () =>
        {
            var before = await broker.WaitUntilFilledAsync(1);
            await broker.WaitUntilFilledAsync(run.Messages);
            await shop.WaitUntilOutboxIsEmptyAsync();
            return run.Messages - before;
        });
        await shop.StopAsync();
        await shop.VerifyAsync();
        await VerifyQueueAsync(run, broker);
        return sample;
    }

    public async Task<Sample> MeasureFloorAsync(Run run)
    {
        await using var broker = await BenchmarkBroker.CreateAsync(transport);
        var sample = await run.MeasureAsync(await broker.PrepareToSendAsync(run.Messages));
        await VerifyQueueAsync(run, broker);
        return sample;
    }

    /// <summary>
    /// All have come, each once and those of a key in order; and the floor's are no smaller than the toolkit's. Where the broker does not keep as many, as many have come, and so it is with
    /// those that are left.
    /// </summary>
    private static async Task VerifyQueueAsync(Run run, BenchmarkBroker broker)
    {
        var tally = new Tally(run.Messages);
        await foreach (var message in broker.TakeAllAsync())
        {
            tally.Handle(message.Order);
            Check.Equal(broker.HeaderBytesOf(message.Order.Number), message.HeaderBytes, "bytes of headers");
        }

        if (broker.Keeps(run.Messages))
        {
            tally.Verify();
        }
        else
        {
            Check.Equal(run.Messages, await broker.WaitUntilFilledAsync(run.Messages), "messages in the topic");
            tally.VerifyOrder();
        }
    }
}
