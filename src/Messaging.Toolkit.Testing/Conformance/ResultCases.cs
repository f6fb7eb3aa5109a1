using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>What a sender reports.</summary>
internal static class ResultCases
{
    public static async Task Every_message_is_reported_once_with_its_token(Trial trial)
    {
        var process = await trial.StartProcessAsync();
        var consumer = await process.OpenConsumerAsync(trial.Messages.Left);
        var sender = await process.OpenSenderAsync();
        var messages = trial.Messages.MakeForLeft(count: 500, keys: 7).SelectMany(process.DestinationsOf, (message, destination) => (message, destination))
            .Select((row, n) => new TransportMessage(TokenOf(n), row.destination, row.message)).ToList();

        var unreported = messages.Select(message => message.Token).ToHashSet();
        await trial.TogetherAsync(SendAsync(messages), ReadAllAsync(), consumer.HandleAsync(messages.Count));

        // A token is free again when it was reported. The next result is this one's: nothing is left over from before.
        var (last, reused) = (trial.Messages.MakeForLeft(count: 1, keys: 1)[0], messages[0].Token);
        unreported = [reused];
        await trial.TogetherAsync(
            SendAsync([new TransportMessage(reused, process.DestinationsOf(last)[0], last)]), ReadAllAsync(), consumer.HandleAsync(1));

        async Task SendAsync(IEnumerable<TransportMessage> rows)
        {
            foreach (var page in rows.Chunk(37))
            {
                await sender.SendAsync(page, trial.Over);
            }
        }

        async Task ReadAllAsync()
        {
            while (unreported.Count > 0)
            {
                foreach (var result in await sender.ReadResultsAsync(trial.Over))
                {
                    Expect.Equal(SendStatus.Confirmed, result.Status, $"The status of token {result.Token}");
                    Expect.That(unreported.Remove(result.Token), $"Token {result.Token} was reported, and was reported before or not handed over.");
                }
            }
        }
    }

    public static async Task What_is_confirmed_is_kept(Trial trial)
    {
        var messages = trial.Messages.MakeForLeft(count: 200, keys: 5);
        await using (var before = await trial.StartProcessAsync())
        {
            // From now on there is somebody to keep messages for.
            await using var known = await before.OpenConsumerAsync(trial.Messages.Left);
        }

        await using (var process = await trial.StartProcessAsync())
        {
            var relay = await process.OpenRelayAsync();
            await relay.DeliverAsync(messages);
        }

        var next = await trial.StartProcessAsync();
        var consumer = await next.OpenConsumerAsync(trial.Messages.Left);

        Expect.Arrived(messages, await consumer.HandleAsync(messages.Count));
    }

    /// <summary>Any number may be a token: negative ones, and neighbours of the ends.</summary>
    private static long TokenOf(int n) => n % 3 == 0 ? long.MaxValue - n : n % 3 == 1 ? long.MinValue + n : -n;
}
