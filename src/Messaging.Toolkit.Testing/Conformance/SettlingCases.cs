using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>What was settled is over, and what was not comes again.</summary>
internal static class SettlingCases
{
    public static async Task What_is_done_does_not_come_again(Trial trial)
    {
        var process = await trial.StartProcessAsync();
        var relay = await process.OpenRelayAsync();
        var done = trial.Messages.MakeForLeft(count: 50, keys: 5);
        await using (var consumer = await process.OpenConsumerAsync(trial.Messages.Left))
        {
            await trial.TogetherAsync(relay.DeliverAsync(done), consumer.HandleAsync(done.Count));
        }

        var next = await process.OpenConsumerAsync(trial.Messages.Left);
        var newer = trial.Messages.MakeForLeft(count: 5, keys: 5);
        var handling = next.HandleAsync(newer.Count);
        await trial.TogetherAsync(relay.DeliverAsync(newer), handling);

        Expect.Arrived(newer, await handling);
    }

    public static async Task What_is_not_settled_comes_again_before_anything_newer(Trial trial)
    {
        var process = await trial.StartProcessAsync();
        var relay = await process.OpenRelayAsync();
        var consumer = await process.OpenConsumerAsync(trial.Messages.Left);
        var older = trial.Messages.MakeForLeft(count: 100, keys: 5);
        await relay.DeliverAsync(older);

        var done = (await consumer.ReceiveAsync(60)).Take(30).ToList();
        await consumer.SettleAsync(done);
        await consumer.DisposeAsync();
        var newer = trial.Messages.MakeForLeft(count: 50, keys: 5);
        await relay.DeliverAsync(newer);

        await ExpectNextGetsAsync(trial, process, older.ExceptBy(done.Select(delivery => delivery.Envelope.Id), message => message.Id).Concat(newer));
    }

    public static async Task Deliveries_are_settled_in_any_order(Trial trial)
    {
        var process = await trial.StartProcessAsync();
        var relay = await process.OpenRelayAsync();
        var consumer = await process.OpenConsumerAsync(trial.Messages.Left);
        var messages = trial.Messages.MakeForLeft(count: 60, keys: 3);
        await relay.DeliverAsync(messages);

        // Backwards, in batches and with gaps, several at once.
        var done = (await consumer.ReceiveAsync(messages.Count)).Where((_, n) => n % 4 != 0).Reverse().ToList();
        await trial.TogetherAsync([.. done.Chunk(7).Select(batch => consumer.SettleAsync(batch))]);
        await consumer.DisposeAsync();

        await ExpectNextGetsAsync(trial, process, messages.ExceptBy(done.Select(delivery => delivery.Envelope.Id), message => message.Id));
    }

    public static async Task What_is_abandoned_comes_again_in_order(Trial trial)
    {
        var process = await trial.StartProcessAsync();
        var relay = await process.OpenRelayAsync();
        var consumer = await process.OpenConsumerAsync(trial.Messages.Left);
        var older = trial.Messages.MakeForLeft(count: 100, keys: 5);
        await relay.HandOverAsync(older);

        var received = await consumer.ReceiveAsync(40);
        var done = received.Take(10).ToList();
        await consumer.SettleAsync(done);
        await consumer.SettleAsync(received.Skip(10), Settlement.Abandon);
        await consumer.DisposeAsync();

        // Handed over before anybody has read whether some were returned: these must not overtake them.
        var newer = trial.Messages.MakeForLeft(count: 50, keys: 5);
        await relay.HandOverAsync(newer);
        var next = await process.OpenConsumerAsync(trial.Messages.Left);
        var expected = older.ExceptBy(done.Select(delivery => delivery.Envelope.Id), message => message.Id).Concat(newer).ToList();
        var handling = next.HandleAsync(expected.Count);
        await trial.TogetherAsync(relay.DeliverAsync([]), handling);

        Expect.Arrived(expected, await handling);
    }

    public static async Task No_more_than_prefetch_are_unsettled(Trial trial)
    {
        const int prefetch = 10;
        var process = await trial.StartProcessAsync();
        var relay = await process.OpenRelayAsync();
        var consumer = await process.OpenConsumerAsync(trial.Messages.Left, prefetch);
        var messages = trial.Messages.MakeForLeft(count: 100, keys: 5);
        await relay.DeliverAsync(messages);

        var received = await ReceiveAllAsync(prefetch);
        await consumer.SettleAsync(received.Take(4));
        var more = await ReceiveAllAsync(4);
        await consumer.SettleAsync(received.Skip(4).Concat(more));
        var rest = await consumer.HandleAsync(messages.Count - prefetch - 4);

        Expect.Arrived(messages, received.Concat(more).Select(delivery => delivery.Envelope).Concat(rest));

        async Task<List<Delivery>> ReceiveAllAsync(int room)
        {
            var all = new List<Delivery>();
            while (all.Count < room)
            {
                all.AddRange(await consumer.ReceiveOnceAsync(messages.Count, trial.Over));
                Expect.That(all.Count <= room, $"With a prefetch of {prefetch} there was room for {room} deliveries, and {all.Count} came.");
            }

            using var moment = trial.AMoment();
            var extra = await consumer.TryReceiveAsync(messages.Count, moment.Token);
            Expect.That(extra.Count == 0, $"With a prefetch of {prefetch} and as many unsettled, {extra.Count} more deliveries came.");
            return all;
        }
    }

    public static async Task A_receiver_returns_no_more_than_it_is_asked_for(Trial trial)
    {
        var process = await trial.StartProcessAsync();
        var relay = await process.OpenRelayAsync();
        var consumer = await process.OpenConsumerAsync(trial.Messages.Left);
        var messages = trial.Messages.MakeForLeft(count: 60, keys: 4);
        var handled = new List<MessageEnvelope>();

        await trial.TogetherAsync(relay.DeliverAsync(messages), HandleAsync());

        Expect.Arrived(messages, handled);

        async Task HandleAsync()
        {
            for (var max = 1; handled.Count < messages.Count; max = (max % 5) + 1)
            {
                var batch = await consumer.ReceiveOnceAsync(max, trial.Over);
                await consumer.SettleAsync(batch);
                handled.AddRange(batch.Select(delivery => delivery.Envelope));
            }
        }
    }

    private static async Task ExpectNextGetsAsync(Trial trial, TrialProcess process, IEnumerable<MessageEnvelope> messages)
    {
        var expected = messages.ToList();
        var next = await process.OpenConsumerAsync(trial.Messages.Left);
        Expect.Arrived(expected, await next.HandleAsync(expected.Count));
    }
}
