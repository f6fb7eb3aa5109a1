using System.Collections.Concurrent;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.RabbitMQ.Tests.Receiving;

/// <summary>Several processes share the partitions of one endpoint: each key is in one hand at a time, whoever comes and goes.</summary>
public sealed class PartitionTests
{
    private const int Keys = 40;

    [Fact]
    public async Task Those_that_are_there_share_the_keys_and_the_last_one_has_them_all()
    {
        await using var line = NewLine();
        var sender = await line.OpenSenderAsync();
        var arrived = new ConcurrentQueue<(string Key, int Number)>();
        await using var first = await Member.JoinAsync(line, arrived);
        await using var second = await Member.JoinAsync(line, arrived);

        var sent = await SendUntilAsync(from: 0, () => first.Keys.Count > 0 && second.Keys.Count > 0 && first.Keys.Count + second.Keys.Count == Keys);
        await first.LeaveAsync();
        sent = await SendUntilAsync(sent, () => second.Keys.Count == Keys);

        foreach (var ofKey in arrived.GroupBy(each => each.Key, each => each.Number))
        {
            ofKey.Should().Equal(Enumerable.Range(0, sent), "of {0} each number was settled once", ofKey.Key);
        }

        // A number for every key, again and again, until those that were last came to whom they should.
        async Task<int> SendUntilAsync(int from, Func<bool> isShared)
        {
            var number = from;
            await Eventually.IsAsync(async () =>
            {
                first.Seen.Clear();
                second.Seen.Clear();
                await SendToAllAsync(line, sender, number++);
                await Eventually.IsAsync(() => arrived.Count == number * Keys);
                return isShared();
            });
            return number;
        }
    }

    [Fact]
    public async Task Whoever_joins_gets_nothing_of_a_partition_before_all_that_was_taken_of_it_is_settled()
    {
        await using var line = NewLine();
        var sender = await line.OpenSenderAsync();
        var first = await line.OpenReceiverAsync();
        await SendToAllAsync(line, sender, number: 1);
        var taken = await Line.ReceiveAsync(first, Keys);

        await using var second = await Member.JoinAsync(line, []);
        await SendToAllAsync(line, sender, number: 2);
        var kept = await Line.ReceiveAsync(first, 1);
        await Task.Delay(TimeSpan.FromSeconds(1));
        second.Keys.Should().BeEmpty();
        await first.SettleAsync([.. taken, .. kept], Settlement.Done, default);

        await Eventually.IsAsync(() => second.Keys.Count > 0);
    }

    [Fact]
    public async Task Whoever_stops_leaves_everything_to_the_others_but_what_it_still_works_on()
    {
        await using var line = NewLine();
        var sender = await line.OpenSenderAsync();
        var first = await line.OpenReceiverAsync();
        await SendToAllAsync(line, sender, number: 1);
        var taken = await Line.ReceiveAsync(first, Keys);
        var last = taken[^1];
        await first.SettleAsync(taken[..^1], Settlement.Done, default);
        await using var second = await Member.JoinAsync(line, []);

        await first.CloseIntakeAsync();
        await Eventually.IsAsync(async () =>
        {
            await SendToAllAsync(line, sender, number: 2);
            return second.Keys.Count > Keys / 2;
        });
        second.Keys.Should().NotContain(last.Envelope.Key);
        await first.SettleAsync([last], Settlement.Done, default);

        await Eventually.IsAsync(() => second.Keys.Count == Keys);
    }

    [Fact]
    public async Task No_more_come_than_may_be_unsettled()
    {
        await using var line = NewLine();
        var sender = await line.OpenSenderAsync();
        var receiver = await line.OpenReceiverAsync(prefetch: 8);
        await SendToAllAsync(line, sender, number: 1);

        var received = await Line.ReceiveAsync(receiver, 8);
        using var moment = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        var more = () => receiver.ReceiveAsync(100, moment.Token).AsTask();
        await more.Should().ThrowAsync<OperationCanceledException>();

        await receiver.SettleAsync(received, Settlement.Done, default);
        (await Line.ReceiveAsync(receiver, 1)).Should().NotBeEmpty();
    }

    /// <summary>Its channel is still open then, and stays the active consumer of its queue for as long as it is; and more comes over it, behind what has failed.</summary>
    [Fact]
    public async Task A_partition_whose_consumer_fails_while_its_channel_is_open_is_consumed_again_in_order()
    {
        await using var line = NewLine();
        var sender = await line.OpenSenderAsync();
        await (await line.Transport.OpenReceiverAsync("worker", prefetch: 100, default)).DisposeAsync(); // There are queues now.
        await SendToAllAsync(line, sender, number: 1);
        await SendToAllAsync(line, sender, number: 2);
        var clock = new StoppableClock();
        var transport = new RabbitMQTransport(line.Options, line.Topology, new MessageIds(clock, new EntropySource()), TimeProvider.System, NullLogger.Instance);

        clock.FailAfter(1); // The first is for the process's own id, the next for the first message.
        await using var receiver = await transport.OpenReceiverAsync("worker", prefetch: 100, default);

        var came = new List<Delivery>();
        var settled = 0;
        using var limit = new CancellationTokenSource(Line.Patience);
        while (settled < 2 * Keys)
        {
            foreach (var delivery in await receiver.ReceiveAsync(100, limit.Token))
            {
                came.Add(delivery);
                settled += await TrySettleAsync(delivery) ? 1 : 0;
            }
        }

        clock.HasFailed.Should().BeTrue();
        foreach (var ofKey in came.GroupBy(delivery => delivery.Envelope.Key, Line.NumberOf))
        {
            ofKey.Distinct().Should().Equal([1, 2], "nothing of {0} comes before what failed", ofKey.Key);
        }

        // What the consumer that failed had brought before comes again.
        async Task<bool> TrySettleAsync(Delivery delivery)
        {
            try
            {
                await receiver.SettleAsync([delivery], Settlement.Done, default);
                return true;
            }
            catch (MessagingException)
            {
                return false;
            }
        }
    }

    private static Line NewLine() => new(options =>
    {
        options.Queues.Consumers = QueueConsumers.Partitioned;
        options.Queues.Partitions = 4;
        options.Queues.Type = QueueType.Classic;
    });

    private static Task SendToAllAsync(Line line, ISender sender, int number)
        => line.SendAsync(sender, [.. Enumerable.Range(0, Keys).Select(key => Line.Envelope(number, $"key-{key}"))]);

    /// <summary>Makes the reading of one message fail.</summary>
    private sealed class StoppableClock : TimeProvider
    {
        private int left = -1;

        public bool HasFailed { get; private set; }

        public void FailAfter(int readings) => left = readings;

        public override DateTimeOffset GetUtcNow()
        {
            if (left < 0 || Interlocked.Decrement(ref left) >= 0)
            {
                return base.GetUtcNow();
            }

            HasFailed = true;
            throw new InvalidOperationException("The clock has stopped.");
        }
    }

    /// <summary>A process that settles whatever comes.</summary>
    private sealed class Member : IAsyncDisposable
    {
        private readonly CancellationTokenSource stopping = new();
        private readonly IReceiver receiver;
        private readonly Task settling;

        private Member(IReceiver receiver, ConcurrentQueue<(string Key, int Number)> arrived)
        {
            this.receiver = receiver;
            settling = SettleAllAsync(arrived);
        }

        /// <summary>Those of which something came to it.</summary>
        public ConcurrentDictionary<string, bool> Seen { get; } = new();

        public ICollection<string> Keys => Seen.Keys;

        public static async Task<Member> JoinAsync(Line line, ConcurrentQueue<(string Key, int Number)> arrived) => new(await line.OpenReceiverAsync(), arrived);

        public async Task LeaveAsync()
        {
            stopping.Cancel();
            await settling;
            await receiver.DisposeAsync();
        }

        public async ValueTask DisposeAsync() => await LeaveAsync();

        private async Task SettleAllAsync(ConcurrentQueue<(string Key, int Number)> arrived)
        {
            try
            {
                while (true)
                {
                    var deliveries = await receiver.ReceiveAsync(100, stopping.Token);
                    foreach (var delivery in deliveries)
                    {
                        arrived.Enqueue((delivery.Envelope.Key!, Line.NumberOf(delivery)));
                        Seen[delivery.Envelope.Key!] = true;
                    }

                    await receiver.SettleAsync(deliveries, Settlement.Done, default);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // It leaves.
            }
        }
    }
}
