using System.Collections.Concurrent;
using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Tests.Cluster;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Kafka.Tests.Receiving;

/// <summary>Partitions change hands: nothing is lost, nothing is overtaken, and what need not come twice does not.</summary>
public sealed class GroupTests
{
    [Fact]
    public async Task A_member_that_joins_gets_its_part_and_what_is_settled_in_time_comes_once()
    {
        // A coordinator that has begun the next rebalance refuses what is committed in the last one: that comes again, as a duplicate. The one in
        // this process does so when a member is slow to synchronise, as members on a busy machine are.
        for (var left = 10; !await JoinAsync(); left--)
        {
            left.Should().BePositive("the coordinator accepts it sooner or later");
        }

        static async Task<bool> JoinAsync()
        {
            await using var line = await Line.OpenAsync(options => options.ConsumerProperties["auto.commit.interval.ms"] = "50");
            var messages = Line.Envelopes(400, keys: 40).ToList();
            await line.RelayAsync(messages);
            var first = await line.OpenReceiverAsync();
            var held = await Line.ReceiveAsync(first, 400);

            // The partitions that go are held until this is settled.
            var joining = line.OpenReceiverAsync();
            await Task.Delay(1_000);
            await first.SettleAsync(held, Settlement.Done, default);
            var second = await joining;
            await Task.Delay(200); // For the partitions that stay.
            if (Bare.Committed(line.Options, line.Group, line.Topic, 4).Values.Sum() < messages.Count)
            {
                return false;
            }

            var newer = Line.Envelopes(400, keys: 40).ToList();
            await line.RelayAsync(newer);
            var came = await TakeAsync(newer.Count, first, second);
            came.Select(each => each.Delivery.Envelope.Id).Should().BeEquivalentTo(newer.Select(message => message.Id));
            came.Select(each => each.Receiver).Distinct().Should().HaveCount(2, "both have their part");
            return true;
        }
    }

    [Fact]
    public async Task What_is_not_settled_in_time_comes_to_the_next_one_and_settling_it_late_has_no_effect()
    {
        await using var line = await Line.OpenAsync(options => options.RevocationPatience = TimeSpan.FromMilliseconds(200), partitions: 1);
        var messages = Line.Envelopes(10).ToList();
        await line.RelayAsync(messages);
        await using var first = await line.Transport.OpenReceiverAsync("worker", 100, default);
        var held = await Line.ReceiveAsync(first, 10);
        await first.SettleAsync(held.Take(3).ToList(), Settlement.Done, default);
        await first.DisposeAsync();
        var second = await line.OpenReceiverAsync();
        var again = await Line.ReceiveAsync(second, 7);

        await first.SettleAsync(held.Skip(3).ToList(), Settlement.Done, default);

        again.Select(Line.NumberOf).Should().Equal(Enumerable.Range(4, 7));
        await second.SettleAsync(again.Take(1).ToList(), Settlement.Done, default);
        await Eventually.IsAsync(() => Bare.Committed(line.Options, line.Group, line.Topic, 1).GetValueOrDefault(0) == 4);
    }

    /// <summary>The client is polled whatever the handlers do.</summary>
    [Fact]
    public async Task A_handler_that_is_slower_than_the_poll_interval_keeps_its_partitions()
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(options =>
        {
            options.ConsumerProperties["max.poll.interval.ms"] = "3000";
            options.ConsumerProperties["session.timeout.ms"] = "3000"; // Not over the other, and no shorter: on a busy machine heartbeats are late, too.
        }, mock);
        var messages = Line.Envelopes(2_000, keys: 20).ToList();
        await line.RelayAsync(messages);
        var receiver = await line.OpenReceiverAsync(prefetch: 50);
        var held = await Line.ReceiveAsync(receiver, 50);

        await Task.Delay(6_000);
        await receiver.SettleAsync(held, Settlement.Done, default);

        var rest = await TakeAsync(messages.Count - held.Count, receiver);
        held.Select(delivery => delivery.Envelope.Id).Concat(rest.Select(each => each.Delivery.Envelope.Id)).Should().BeEquivalentTo(messages.Select(message => message.Id), "none comes twice");
    }

    /// <summary>Whatever the coordinator says: in the end every message has come, and in order.</summary>
    [Theory]
    [InlineData(Request.Heartbeat, ErrorCode.UnknownMemberId)]
    [InlineData(Request.Heartbeat, ErrorCode.IllegalGeneration)]
    [InlineData(Request.Heartbeat, ErrorCode.RebalanceInProgress)]
    [InlineData(Request.Heartbeat, ErrorCode.NotCoordinatorForGroup)]
    [InlineData(Request.OffsetCommit, ErrorCode.GroupLoadInProgress)]
    [InlineData(Request.OffsetCommit, ErrorCode.NotCoordinatorForGroup)]
    [InlineData(Request.OffsetFetch, ErrorCode.GroupCoordinatorNotAvailable)]
    [InlineData(Request.Fetch, ErrorCode.NotLeaderForPartition)]
    [InlineData(Request.Fetch, ErrorCode.UnknownTopicOrPart)]
    public async Task Errors_of_brokers_lose_nothing_and_keep_the_order(Request request, ErrorCode error)
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(mock: mock);
        var messages = Line.Envelopes(1_000, keys: 10).ToList();
        await line.RelayAsync(messages.Take(500));
        var receiver = await line.OpenReceiverAsync();
        mock.Fail(request, error, error, error);

        var receiving = ReceiveThroughAsync(line, receiver, messages);
        await line.RelayAsync(messages.Skip(500));

        ShouldBeInOrder(await receiving, messages.Count);
    }

    [Fact]
    public async Task A_coordinator_that_moves_loses_nothing()
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(mock: mock);
        var messages = Line.Envelopes(1_500, keys: 10).ToList();
        var receiver = await line.OpenReceiverAsync();
        var receiving = ReceiveThroughAsync(line, receiver, messages);
        foreach (var (broker, part) in mock.Brokers.Zip(messages.Chunk(500)))
        {
            mock.SetCoordinator(line.Group, broker);
            await line.RelayAsync(part);
        }

        ShouldBeInOrder(await receiving, messages.Count);
    }

    [Fact]
    public async Task Brokers_that_go_down_and_come_up_one_by_one_lose_nothing()
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(mock: mock);
        var messages = Line.Envelopes(1_500, keys: 10).ToList();
        var receiver = await line.OpenReceiverAsync();
        var receiving = ReceiveThroughAsync(line, receiver, messages);
        foreach (var (broker, part) in mock.Brokers.Zip(messages.Chunk(500)))
        {
            mock.SetDown(broker);
            await Task.Delay(500);
            mock.SetUp(broker);
            await line.RelayAsync(part);
        }

        ShouldBeInOrder(await receiving, messages.Count);
    }

    [Fact]
    public async Task When_all_brokers_are_gone_it_says_so()
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(mock: mock);
        var (receiver, sender) = (await line.OpenReceiverAsync(), await line.OpenSenderAsync());
        foreach (var broker in mock.Brokers)
        {
            mock.SetDown(broker);
        }

        using var limit = new CancellationTokenSource(Line.Patience);
        await receiver.Invoking(each => each.ReceiveAsync(1, limit.Token).AsTask()).Should().ThrowAsync<MessagingException>().WithMessage("The connection to Kafka at * is lost: *");
        await sender.Invoking(each => each.ReadResultsAsync(limit.Token).AsTask()).Should().ThrowAsync<MessagingException>().WithMessage("The connection to Kafka at * is lost: *");
    }

    [Fact]
    public async Task A_static_member_that_comes_back_disturbs_nobody()
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(options => options.InstanceId = "one", mock);
        var messages = Line.Envelopes(100, keys: 10).ToList();
        await using (var first = await line.Transport.OpenReceiverAsync("worker", 100, default))
        {
            await line.RelayAsync(messages.Take(50));
            await Line.ReceiveFirstsAsync(first, messages.Take(50));
        }

        var second = await line.OpenReceiverAsync();
        await line.RelayAsync(messages.Skip(50));

        (await TakeAsync(50, second)).Select(each => each.Delivery.Envelope.Id).Should().BeEquivalentTo(messages.Skip(50).Select(message => message.Id));
    }

    private static void ShouldBeInOrder(List<Delivery> received, int count)
    {
        received.Should().HaveCount(count);
        foreach (var ofKey in received.GroupBy(delivery => delivery.Envelope.Key))
        {
            ofKey.Select(Line.NumberOf).Should().BeInAscendingOrder("that is the order of {0}", ofKey.Key);
        }
    }

    /// <summary>Receives as an endpoint does: with another receiver if one breaks.</summary>
    private static async Task<List<Delivery>> ReceiveThroughAsync(Line line, IReceiver receiver, IReadOnlyCollection<Messages.MessageEnvelope> messages)
    {
        using var limit = new CancellationTokenSource(2 * Line.Patience);
        var missing = messages.Select(message => message.Id).ToHashSet();
        var firsts = new List<Delivery>();
        while (missing.Count > 0)
        {
            try
            {
                var batch = await receiver.ReceiveAsync(100, limit.Token);
                firsts.AddRange(batch.Where(delivery => missing.Remove(delivery.Envelope.Id)));
                await receiver.SettleAsync(batch, Settlement.Done, default);
            }
            catch (MessagingException)
            {
                await receiver.DisposeAsync();
                receiver = await line.OpenReceiverAsync();
            }
        }

        return firsts;
    }

    /// <summary>Receives that many in all, settling each.</summary>
    private static async Task<List<(IReceiver Receiver, Delivery Delivery)>> TakeAsync(int count, params IReceiver[] receivers)
    {
        var taken = new ConcurrentQueue<(IReceiver, Delivery)>();
        using var enough = new CancellationTokenSource(Line.Patience);
        await Task.WhenAll(receivers.Select(TakeOneAsync));
        return [.. taken];

        async Task TakeOneAsync(IReceiver receiver)
        {
            try
            {
                while (true)
                {
                    var batch = await receiver.ReceiveAsync(20, enough.Token);
                    batch.ToList().ForEach(delivery => taken.Enqueue((receiver, delivery)));
                    await receiver.SettleAsync(batch, Settlement.Done, default);
                    if (taken.Count >= count)
                    {
                        enough.Cancel();
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // The test looks at what has come.
            }
        }
    }
}
