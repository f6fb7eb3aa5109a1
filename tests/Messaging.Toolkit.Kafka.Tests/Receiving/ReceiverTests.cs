using System.Text;
using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Tests.Cluster;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Kafka.Tests.Receiving;

/// <summary>Receiving and settling: what is stored is never ahead of what is settled.</summary>
public sealed class ReceiverTests
{
    [Fact]
    public async Task What_is_stored_is_never_ahead_of_what_is_settled()
    {
        await using var line = await Line.OpenAsync(partitions: 1);
        await line.SendAsync(await line.OpenSenderAsync(), Line.Envelopes(20));
        await using var receiver = await line.Transport.OpenReceiverAsync("worker", 100, default);
        var received = await Line.ReceiveAsync(receiver, 20);

        await receiver.SettleAsync([.. received.Where((_, n) => n != 5)], Settlement.Done, default);
        await receiver.DisposeAsync();
        Committed(line).Should().Be(5);

        var next = await line.OpenReceiverAsync();
        (await Line.ReceiveAsync(next, 15)).Select(Line.NumberOf).Should().Equal(Enumerable.Range(6, 15));
    }

    [Fact]
    public async Task What_is_settled_is_stored_soon_while_it_goes_on()
    {
        await using var line = await Line.OpenAsync(partitions: 1);
        await line.SendAsync(await line.OpenSenderAsync(), Line.Envelopes(3));
        var receiver = await line.OpenReceiverAsync();
        var received = await Line.ReceiveAsync(receiver, 3);

        await receiver.SettleAsync([received[1], received[0]], Settlement.Done, default);

        await Eventually.IsAsync(() => Committed(line) == 2);
    }

    [Fact]
    public async Task What_is_abandoned_comes_again_before_what_has_not_come_yet()
    {
        await using var line = await Line.OpenAsync(partitions: 1);
        await line.SendAsync(await line.OpenSenderAsync(), Line.Envelopes(20));
        var receiver = await line.OpenReceiverAsync(prefetch: 10);
        var received = await Line.ReceiveAsync(receiver, 10);

        await receiver.SettleAsync([received[7], received[2], received[9], received[4]], Settlement.Abandon, default);
        await receiver.SettleAsync([.. received.Where((_, n) => n is not (7 or 2 or 9 or 4))], Settlement.Done, default);

        (await Line.ReceiveAsync(receiver, 10)).Select(Line.NumberOf).Should().Equal(3, 5, 8, 10, 11, 12, 13, 14, 15, 16);
    }

    [Fact]
    public async Task Settling_twice_counts_once()
    {
        await using var line = await Line.OpenAsync(partitions: 1);
        await line.SendAsync(await line.OpenSenderAsync(), Line.Envelopes(20));
        var receiver = await line.OpenReceiverAsync(prefetch: 2);
        var received = await Line.ReceiveAsync(receiver, 2);

        await receiver.SettleAsync([received[0], received[0]], Settlement.Done, default);
        await receiver.SettleAsync([received[0]], Settlement.Done, default);

        using var moment = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        (await receiver.ReceiveAsync(10, moment.Token)).Should().ContainSingle("one of two is settled");
    }

    /// <summary>Far more than fits: the client is paused and resumed again and again.</summary>
    [Fact]
    public async Task Whoever_takes_little_at_a_time_gets_everything_in_order()
    {
        await using var line = await Line.OpenAsync(partitions: 3);
        var messages = Line.Envelopes(5_000, keys: 20).ToList();
        await line.RelayAsync(messages);

        var receiver = await line.OpenReceiverAsync(prefetch: 30);
        var received = await Line.ReceiveFirstsAsync(receiver, messages);

        received.Should().HaveCount(messages.Count);
        received.GroupBy(delivery => delivery.Envelope.Key).Should().OnlyContain(ofKey => ofKey.Select(Line.NumberOf).SequenceEqual(ofKey.Select(Line.NumberOf).Order()));
    }

    [Fact]
    public async Task A_partition_whose_messages_are_not_settled_leaves_room_for_the_others()
    {
        await using var line = await Line.OpenAsync(partitions: 4);
        await line.RelayAsync(Enumerable.Range(1, 3_000).Select(number => Line.Envelope(number, "slow")));
        var receiver = await line.OpenReceiverAsync(prefetch: 1_000);
        var held = await Line.ReceiveAsync(receiver, 125);

        var others = Enumerable.Range(1, 2_000).Select(number => Line.Envelope(number, $"key-{number % 50}")).ToList();
        await line.RelayAsync(others);
        using var limit = new CancellationTokenSource(Line.Patience);
        var partitionOfSlow = held[0].Envelope.Key;
        var missing = others.Count / 2; // Some keys share the partition of the slow one.
        while (missing > 0)
        {
            var batch = (await receiver.ReceiveAsync(1000, limit.Token)).Where(delivery => delivery.Envelope.Key != partitionOfSlow).ToList();
            missing -= batch.Count;
            await receiver.SettleAsync(batch, Settlement.Done, default);
        }

        missing.Should().BeLessThanOrEqualTo(0);
    }

    [Fact]
    public async Task No_more_than_MaxAhead_come_after_one_that_is_not_settled()
    {
        await using var line = await Line.OpenAsync(options => options.MaxAhead = 50, partitions: 1);
        await line.RelayAsync(Line.Envelopes(2_000));
        var receiver = await line.OpenReceiverAsync(prefetch: 500);
        var first = (await Line.ReceiveAsync(receiver, 1)).Single();

        var came = 1;
        try
        {
            while (came < 2_000)
            {
                using var moment = new CancellationTokenSource(TimeSpan.FromSeconds(1));
                var batch = await receiver.ReceiveAsync(1000, moment.Token);
                came += batch.Count;
                await receiver.SettleAsync(batch, Settlement.Done, default);
            }
        }
        catch (OperationCanceledException)
        {
            // Nothing more comes.
        }

        came.Should().BeLessThan(60);
        await receiver.SettleAsync([first], Settlement.Done, default);
        (await Line.ReceiveAsync(receiver, 1)).Select(Line.NumberOf).Should().Equal(came + 1);
    }

    [Fact]
    public async Task What_the_bare_client_sends_is_received()
    {
        await using var line = await Line.OpenAsync();
        await Bare.SendAsync(line.Options, line.Topic, "key"u8.ToArray(), "{}"u8.ToArray(), ("ce_type", "happened"u8.ToArray()), ("ce_id", "order/17"u8.ToArray()), ("ce_source", "/java"u8.ToArray()), ("tenant", null), ("tenant", "b"u8.ToArray()));
        await Bare.SendAsync(line.Options, line.Topic, null, null);
        await Bare.SendAsync(line.Options, line.Topic, "key"u8.ToArray(), "bare"u8.ToArray());

        var received = await Line.ReceiveAsync(await line.OpenReceiverAsync(), 2);

        var full = received.Single(delivery => delivery.Envelope.Source == "/java").Envelope;
        full.Headers.Should().Equal(new Dictionary<string, string> { ["tenant"] = "b" });
        full.Key.Should().Be("key");
        var bare = received.Single(delivery => delivery.Envelope.Source == "").Envelope;
        bare.Type.Should().Be("happened", "the topic has no other");
        Encoding.UTF8.GetString(bare.Body.Span).Should().Be("bare");
    }

    private static long? Committed(Line line) => Bare.Committed(line.Options, line.Group, line.Topic, 1).TryGetValue(0, out var offset) ? offset : null;
}
