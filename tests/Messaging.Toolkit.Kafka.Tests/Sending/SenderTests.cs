using System.Text;
using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Tests.Cluster;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Kafka.Tests.Sending;

/// <summary>Sending to a cluster in which things go wrong: nothing lost, nothing overtaken.</summary>
public sealed class SenderTests
{
    [Fact]
    public async Task What_is_sent_can_be_read_by_any_client()
    {
        await using var line = await Line.OpenAsync();
        var envelope = Line.Envelope(7, "order-1");

        (await line.SendAsync(await line.OpenSenderAsync(), envelope)).Single().Status.Should().Be(SendStatus.Confirmed);

        var record = Bare.Read(line.Options, line.Topic, 1).Single();
        record.Message.Key.Should().Equal("order-1"u8.ToArray());
        record.Message.Value.Should().Equal(BitConverter.GetBytes(7));
        var headers = record.Message.Headers.ToDictionary(header => header.Key, header => Encoding.UTF8.GetString(header.GetValueBytes()));
        headers.Should().Contain("ce_specversion", "1.0").And.Contain("ce_id", envelope.Id.ToString()).And.Contain("ce_type", "happened").And.Contain("ce_source", "/test")
            .And.Contain("ce_partitionkey", "order-1").And.Contain("content-type", "application/json").And.ContainKey("ce_time");
    }

    [Fact]
    public async Task A_key_has_the_partition_that_other_clients_give_it_and_no_key_any()
    {
        await using var line = await Line.OpenAsync();
        var keys = Enumerable.Range(0, 20).Select(n => $"key-{n}").ToList();
        await line.SendAsync(await line.OpenSenderAsync(), keys.SelectMany(key => new[] { Line.Envelope(key: key), Line.Envelope(key: key) }));

        var expected = new Dictionary<string, int>();
        foreach (var key in keys)
        {
            expected[key] = (await Bare.SendAsync(line.Options, line.Topic, Encoding.UTF8.GetBytes(key), [0])).Partition.Value;
        }

        Bare.Read(line.Options, line.Topic, 3 * keys.Count).Should().HaveCount(3 * keys.Count).And.OnlyContain(record => record.Partition.Value == expected[Encoding.UTF8.GetString(record.Message.Key!)]);
        expected.Values.Distinct().Should().HaveCountGreaterThan(1);
    }

    /// <summary>What the client may try again it does, in order and without a duplicate.</summary>
    [Theory]
    [InlineData(ErrorCode.NotLeaderForPartition)]
    [InlineData(ErrorCode.RequestTimedOut)]
    [InlineData(ErrorCode.NotEnoughReplicas)]
    [InlineData(ErrorCode.NotEnoughReplicasAfterAppend)]
    [InlineData(ErrorCode.LeaderNotAvailable)]
    public async Task What_passes_is_tried_again_in_order(ErrorCode error)
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(mock: mock, partitions: 1);
        mock.Fail(Request.Produce, error, error, error);
        var messages = Line.Envelopes(200).ToList();

        (await line.RelayAsync(messages)).Should().Be(1);

        Numbers(line, messages.Count).Should().Equal(Enumerable.Range(1, messages.Count));
    }

    /// <summary>The producer is of no use any more, and the next one goes on with what was not confirmed.</summary>
    [Theory]
    [InlineData(ErrorCode.OutOfOrderSequenceNumber)]
    [InlineData(ErrorCode.InvalidProducerEpoch)]
    [InlineData(ErrorCode.UnknownProducerId)]
    [InlineData(ErrorCode.MsgSizeTooLarge)]
    [InlineData(ErrorCode.ClusterAuthorizationFailed)]
    public async Task What_does_not_pass_overtakes_nothing(ErrorCode error)
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(options => options.ProducerProperties["batch.num.messages"] = "10", mock, partitions: 1);
        var messages = Line.Envelopes(200).ToList();
        await line.RelayAsync(messages.Take(5));
        mock.Fail(Request.Produce, ErrorCode.NoError, ErrorCode.NoError, error);

        await line.RelayAsync(messages.Skip(5));

        FirstNumbers(line, messages.Count).Should().Equal(Enumerable.Range(1, messages.Count));
    }

    [Fact]
    public async Task A_fatal_producer_is_replaced_and_nothing_is_overtaken()
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(mock: mock, partitions: 1);
        var messages = Line.Envelopes(2_000).ToList();
        mock.Fail(Request.Produce, ErrorCode.NoError, ErrorCode.OutOfOrderSequenceNumber, ErrorCode.OutOfOrderSequenceNumber, ErrorCode.NoError, ErrorCode.InvalidProducerEpoch);

        await line.RelayAsync(messages);

        FirstNumbers(line, messages.Count).Should().Equal(Enumerable.Range(1, messages.Count));
    }

    [Fact]
    public async Task A_message_over_the_brokers_limit_is_refused_and_its_neighbours_are_not()
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(mock: mock, partitions: 1);
        var messages = Line.Envelopes(3).ToList();

        // First the batch of all three, and then the second one when it is alone.
        mock.Fail(Request.Produce, [.. Enumerable.Repeat(ErrorCode.MsgSizeTooLarge, 10)]);
        await using (var first = await line.Transport.OpenSenderAsync(default))
        {
            await first.SendAsync([.. messages.Select(line.Message)], default);
            await first.Invoking(sender => sender.ReadResultsAsync(default).AsTask()).Should().ThrowAsync<MessagingException>();
        }

        mock.Heal(Request.Produce);
        mock.Fail(Request.Produce, ErrorCode.NoError, ErrorCode.MsgSizeTooLarge);
        var results = await line.SendAsync(await line.OpenSenderAsync(), messages.Take(2));
        var last = await line.SendAsync(await line.OpenSenderAsync(), messages.Skip(1));

        results.Concat(last).Select(result => result.Status).Should().Equal(SendStatus.Confirmed, SendStatus.Refused, SendStatus.Refused, SendStatus.Confirmed);
        results[1].Reason.Should().Contain("MsgSizeTooLarge");
        Numbers(line, 2).Should().Equal(1, 3);
    }

    [Fact]
    public async Task A_message_over_our_own_limit_is_refused_at_once()
    {
        await using var line = await Line.OpenAsync(options => options.MaxMessageBytes = 10_000);

        var results = await line.SendAsync(await line.OpenSenderAsync(), Line.Envelope(1), Line.Envelope(body: new byte[20_000]), Line.Envelope(2));

        results.Select(result => result.Status).Should().Equal(SendStatus.Confirmed, SendStatus.Refused, SendStatus.Confirmed);
    }

    [Fact]
    public async Task A_topic_that_may_not_be_written_to_is_refused_and_the_others_are_sent_to()
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(mock: mock);
        mock.FailTopic(line.Topic, ErrorCode.TopicAuthorizationFailed);
        var sender = await line.OpenSenderAsync();

        var results = await line.SendAsync(sender, Line.Envelope(1), Line.Envelope(2, type: Line.Changed), Line.Envelope(3));

        results.Select(result => result.Status).Should().Equal(SendStatus.Refused, SendStatus.Confirmed, SendStatus.Refused);
        results[0].Reason.Should().Contain("TopicAuthorizationFailed").And.Contain(line.Topic);
    }

    [Fact]
    public async Task Brokers_that_go_down_and_come_up_one_by_one_cost_neither_messages_nor_order()
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(mock: mock, partitions: 4);
        var messages = Line.Envelopes(3_000, keys: 10).ToList();
        var relaying = Task.Run(async () =>
        {
            foreach (var chunk in messages.Chunk(100))
            {
                await line.RelayAsync(chunk);
            }
        });
        foreach (var broker in mock.Brokers)
        {
            mock.SetDown(broker);
            await Task.Delay(500);
            mock.SetUp(broker);
        }

        await relaying;

        OfKeys(line, messages.Count).Should().OnlyContain(ofKey => ofKey.SequenceEqual(ofKey.Order())).And.HaveCount(10);
    }

    [Fact]
    public async Task A_round_trip_of_half_a_second_costs_time_and_nothing_else()
    {
        var mock = new MockCluster();
        await using var line = await Line.OpenAsync(mock: mock, partitions: 1);
        foreach (var broker in mock.Brokers)
        {
            mock.SetRoundTrip(broker, TimeSpan.FromMilliseconds(500));
        }

        var messages = Line.Envelopes(1_000).ToList();
        (await line.RelayAsync(messages)).Should().Be(1);

        Numbers(line, messages.Count).Should().Equal(Enumerable.Range(1, messages.Count));
    }

    [Fact]
    public async Task A_small_queue_of_the_client_is_no_obstacle()
    {
        await using var line = await Line.OpenAsync(options => options.ProducerProperties["queue.buffering.max.messages"] = "10", partitions: 1);
        var messages = Line.Envelopes(1_000).ToList();

        (await line.RelayAsync(messages)).Should().Be(1);

        Numbers(line, messages.Count).Should().Equal(Enumerable.Range(1, messages.Count));
    }

    private static List<int> Numbers(Line line, int count) => [.. Bare.Read(line.Options, line.Topic, count).Select(record => BitConverter.ToInt32(record.Message.Value))];

    /// <summary>In the order in which each came first: what was sent twice may come twice.</summary>
    private static List<int> FirstNumbers(Line line, int count) => [.. Bare.ReadFirsts(line.Options, line.Topic, count).Select(record => BitConverter.ToInt32(record.Message.Value))];

    /// <summary>The numbers of each key, in the order in which each came first.</summary>
    private static List<List<int>> OfKeys(Line line, int count)
    {
        var records = Bare.ReadFirsts(line.Options, line.Topic, count);
        return [.. records.GroupBy(record => Encoding.UTF8.GetString(record.Message.Key!)).Select(ofKey => ofKey.Select(record => BitConverter.ToInt32(record.Message.Value)).ToList())];
    }
}
