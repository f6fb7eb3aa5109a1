using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>What was waited for is not lost when the wait is cancelled.</summary>
internal static class CancellationCases
{
    private const int Attempts = 30;

    public static async Task A_cancelled_receive_loses_nothing(Trial trial)
    {
        var process = await trial.StartProcessAsync();
        var relay = await process.OpenRelayAsync();
        var consumer = await process.OpenConsumerAsync(trial.Messages.Left);
        var messages = trial.Messages.MakeForLeft(count: Attempts, keys: 2);
        var arrived = new List<MessageEnvelope>();
        await ReceiveAsync(whileWaiting: () => Task.CompletedTask);
        Expect.Equal(0, arrived.Count, "The number of messages that came before one was sent");

        foreach (var message in messages)
        {
            await ReceiveAsync(whileWaiting: () => relay.HandOverAsync([message]));
        }

        var handling = consumer.HandleAsync(messages.Count - arrived.Count);
        await trial.TogetherAsync(relay.DeliverAsync([]), handling);

        Expect.Arrived(messages, arrived.Concat(await handling));

        async Task ReceiveAsync(Func<Task> whileWaiting)
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(trial.Over);
            var receiving = consumer.TryReceiveAsync(max: 10, cancel.Token);
            await whileWaiting();
            cancel.Cancel();
            var batch = await receiving;
            await consumer.SettleAsync(batch);
            arrived.AddRange(batch.Select(delivery => delivery.Envelope));
        }
    }

    public static async Task A_cancelled_read_of_results_loses_nothing(Trial trial)
    {
        var process = await trial.StartProcessAsync();
        var consumer = await process.OpenConsumerAsync(trial.Messages.Left);
        var sender = await process.OpenSenderAsync();
        var messages = trial.Messages.MakeForLeft(count: Attempts, keys: 2);
        var tokens = new List<long>();

        await trial.TogetherAsync(consumer.HandleAsync(messages.Count), SendAsync());

        Expect.Equal(string.Join(", ", Enumerable.Range(0, Attempts)), string.Join(", ", tokens.Order()), "The tokens reported");

        async Task SendAsync()
        {
            foreach (var (token, message) in messages.Index())
            {
                using var cancel = CancellationTokenSource.CreateLinkedTokenSource(trial.Over);
                var reading = ReadAsync(cancel.Token);
                await sender.SendAsync([new TransportMessage(token, process.DestinationsOf(message)[0], message)], trial.Over);
                cancel.Cancel();
                await reading;
            }

            while (tokens.Count < messages.Count)
            {
                await ReadAsync(trial.Over);
            }
        }

        async Task ReadAsync(CancellationToken cancellationToken)
        {
            try
            {
                tokens.AddRange((await sender.ReadResultsAsync(cancellationToken)).Select(result => result.Token));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                trial.Over.ThrowIfCancellationRequested();
            }
        }
    }
}
