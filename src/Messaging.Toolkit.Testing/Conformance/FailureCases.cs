using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>Ends, orderly and otherwise.</summary>
internal static class FailureCases
{
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(5);

    public static async Task A_sender_with_unreported_messages_ends_promptly(Trial trial)
    {
        var process = await trial.StartProcessAsync();
        await using var known = await process.OpenConsumerAsync(trial.Messages.Left);
        var sender = await process.OpenSenderAsync();
        var messages = trial.Messages.MakeForLeft(count: 100, keys: 5)
            .Select((message, n) => new TransportMessage(n, process.DestinationsOf(message)[0], message)).ToList();
        await sender.SendAsync(messages, trial.Over);

        await trial.EndAsync(sender.DisposeAsync().AsTask(), Promptly);
    }

    public static async Task A_receiver_that_waits_ends_promptly(Trial trial)
    {
        var process = await trial.StartProcessAsync();
        var consumer = await process.OpenConsumerAsync(trial.Messages.Left);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(trial.Over);
        var receiving = consumer.TryReceiveAsync(max: 10, cancel.Token);

        await trial.EndAsync(consumer.DisposeAsync().AsTask(), Promptly);
        cancel.Cancel();
        await trial.EndAsync(EndOf(receiving), Promptly);
    }

    public static async Task What_is_confirmed_outlives_broken_connections(Trial trial)
    {
        var process = await trial.StartProcessAsync();
        var relay = await process.OpenRelayAsync();
        var consumer = await process.OpenConsumerAsync(trial.Messages.Left);
        var older = trial.Messages.MakeForLeft(count: 60, keys: 5);
        await relay.DeliverAsync(older);
        var done = (await consumer.ReceiveAsync(30)).Take(10).ToList();
        await consumer.SettleAsync(done);

        await trial.BreakConnectionsAsync();
        var newer = trial.Messages.MakeForLeft(count: 30, keys: 5);
        await trial.TogetherAsync(relay.ExpectBrokenAsync(newer), consumer.ExpectBrokenAsync());
        await consumer.DisposeAsync();

        var next = await trial.OpenAgainAsync(() => process.OpenConsumerAsync(trial.Messages.Left));
        await relay.ReplaceSenderAsync();
        var expected = older.ExceptBy(done.Select(delivery => delivery.Envelope.Id), message => message.Id).Concat(newer).ToList();
        var handling = next.HandleFirstsAsync(expected);
        await trial.TogetherAsync(relay.DeliverAsync([]), handling);

        Expect.Arrived(expected, await handling);
    }

    /// <summary>However it ends: a receiver that is disposed may throw what it likes.</summary>
    private static async Task EndOf(Task task) => await Task.WhenAny(task);
}
