using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>Several processes run the same endpoint.</summary>
internal static class TakeoverCases
{
    public static async Task Of_two_receivers_each_gets_what_the_other_does_not(Trial trial)
    {
        var (one, other) = (new Member(await trial.StartProcessAsync()), new Member(await trial.StartProcessAsync()));
        await one.JoinAsync(trial);
        await other.JoinAsync(trial);
        var sending = await trial.StartProcessAsync();
        var relay = await sending.OpenRelayAsync();
        var messages = trial.Messages.MakeForLeft(count: 200, keys: 10);
        await relay.DeliverAsync(messages);

        await ReceiveAllAsync(trial, one, other, messages.Count);
        var received = one.Received.Concat(other.Received).Select(delivery => delivery.Envelope.Id).ToHashSet();
        Expect.Equal(messages.Count, received.Count, "The number of messages that one of two receivers got");

        // How they share is the transport's business. The one that has more leaves, with half of it unsettled.
        var (leaves, stays) = one.Received.Count > other.Received.Count ? (one, other) : (other, one);
        var left = leaves.Received.Skip(leaves.Received.Count / 2).Select(delivery => delivery.Envelope.Id).ToHashSet();
        await leaves.Consumer.SettleAsync(leaves.Received.Take(leaves.Received.Count / 2));
        await stays.Consumer.SettleAsync(stays.Received);
        await leaves.Process.DisposeAsync();
        var newer = trial.Messages.MakeForLeft(count: 20, keys: 10);
        await relay.DeliverAsync(newer);

        var expected = messages.Where(message => left.Contains(message.Id)).Concat(newer).ToList();

        // Where the transport was still sharing out when everything had come already, what was settled may come again, too.
        Expect.Arrived(expected, await stays.Consumer.HandleFirstsAsync(expected));
    }

    private static async Task ReceiveAllAsync(Trial trial, Member one, Member other, int count)
    {
        var total = 0;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(trial.Over);
        await trial.TogetherAsync(ReceiveAsync(one), ReceiveAsync(other));

        async Task ReceiveAsync(Member member)
        {
            while (await member.Consumer.TryReceiveAsync(max: 20, enough.Token) is { Count: > 0 } batch)
            {
                member.Received.AddRange(batch);
                if (Interlocked.Add(ref total, batch.Count) >= count)
                {
                    enough.Cancel();
                }
            }
        }
    }

    private sealed class Member(TrialProcess process)
    {
        public TrialProcess Process => process;

        public TrialConsumer Consumer { get; private set; } = null!;

        public List<Delivery> Received { get; } = [];

        public async Task JoinAsync(Trial trial) => Consumer = await process.OpenConsumerAsync(trial.Messages.Left);
    }
}
