using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Sending;
using Messaging.Toolkit.Kafka.Tests.Cluster;
using Messaging.Toolkit.Kafka.Topics;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Kafka.Tests.Sending;

/// <summary>What a sender makes of what its client reports.</summary>
public sealed class SenderRulesTests
{
    private readonly ManualTime time = new();
    private readonly FakeProducer client = new();
    private readonly TopicMap topics = new(new KafkaOptions(), new MessageTopology { Types = [Line.Happened, Line.Changed, Line.Work], Endpoints = [] });
    private readonly BrokerLimits limits;
    private readonly KafkaSender sender;
    private long tokens;

    public SenderRulesTests()
    {
        limits = new BrokerLimits(time);
        sender = NewSender();
    }

    [Fact]
    public async Task A_full_queue_of_the_client_is_waited_for()
    {
        client.Room = 2;
        await SendAsync(Line.Envelopes(5));
        client.Queue.Should().HaveCount(2);

        client.Deliver(sender, 1);
        client.Queue.Should().HaveCount(2, "the next one has taken the room");
        client.Deliver(sender, 2);
        client.Deliver(sender, 2);

        (await sender.ReadResultsAsync(default)).Select(result => (result.Token, result.Status)).Should()
            .Equal(Enumerable.Range(1, 5).Select(token => ((long)token, SendStatus.Confirmed)));
    }

    [Fact]
    public async Task What_a_topic_refuses_is_refused_and_what_comes_after_it_is_not_even_sent_for_a_minute()
    {
        await SendAsync(Line.Envelope());
        client.Deliver(sender, 1, ErrorCode.TopicAuthorizationFailed);
        await SendAsync(Line.Envelope(), Line.Envelope(type: Line.Changed));

        client.Queue.Should().ContainSingle().Which.Topic.Should().Be("changed");
        var results = await sender.ReadResultsAsync(default);
        results.Should().HaveCount(2).And.OnlyContain(result => result.Status == SendStatus.Refused && result.Reason!.Contains("'happened'") && result.Reason.Contains("TopicAuthorizationFailed"));

        client.Deliver(sender, 1);
        time.Advance(TimeSpan.FromMinutes(1));
        await SendAsync(Line.Envelope());
        client.Queue.Should().ContainSingle().Which.Topic.Should().Be("happened");
    }

    [Fact]
    public async Task Those_of_a_batch_that_is_refused_go_alone_and_only_the_one_that_is_meant_is_refused()
    {
        var envelopes = Line.Envelopes(4).ToList();
        await SendAsync(envelopes);
        client.Deliver(sender, 1);
        client.Deliver(sender, 2, ErrorCode.MsgSizeTooLarge);
        await ShouldBreakAsync(sender, results: 1);

        var next = new FakeProducer();
        await using var nextSender = NewSender(next);
        await SendAsync(nextSender, envelopes.Skip(1));
        next.Queue.Should().ContainSingle().Which.Id.Should().Be(envelopes[1].Id);
        next.Deliver(nextSender, 1);
        next.Queue.Should().ContainSingle().Which.Id.Should().Be(envelopes[2].Id);
        next.Deliver(nextSender, 1, ErrorCode.MsgSizeTooLarge);
        next.Queue.Should().ContainSingle().Which.Id.Should().Be(envelopes[3].Id);
        next.Deliver(nextSender, 1);

        (await nextSender.ReadResultsAsync(default)).Select(result => result.Status).Should().Equal(SendStatus.Confirmed, SendStatus.Refused, SendStatus.Confirmed);
    }

    [Fact]
    public async Task A_suspect_waits_until_nothing_else_is_under_way_and_lets_nothing_pass()
    {
        var envelopes = Line.Envelopes(3).ToList();
        limits.Suspect(envelopes[1].Id);
        await SendAsync(envelopes);
        client.Queue.Should().ContainSingle();
        client.Deliver(sender, 1);
        client.Queue.Should().ContainSingle().Which.Id.Should().Be(envelopes[1].Id);
        client.Deliver(sender, 1);
        client.Queue.Should().ContainSingle().Which.Id.Should().Be(envelopes[2].Id);
    }

    [Fact]
    public async Task What_the_client_itself_refuses_is_refused_and_nobody_else_is_meant()
    {
        var envelopes = Line.Envelopes(3).ToList();
        client.Refused[envelopes[1].Id] = ErrorCode.MsgSizeTooLarge;
        await SendAsync(envelopes);
        client.Deliver(sender, 2);

        (await sender.ReadResultsAsync(default)).Select(result => (result.Token, result.Status)).Should()
            .Equal((2, SendStatus.Refused), (1, SendStatus.Confirmed), (3, SendStatus.Confirmed));
    }

    [Theory]
    [InlineData(ErrorCode.OutOfOrderSequenceNumber)]
    [InlineData(ErrorCode.InvalidProducerEpoch)]
    [InlineData(ErrorCode.Local_Fatal)]
    [InlineData(ErrorCode.Local_MsgTimedOut)]
    [InlineData(ErrorCode.ClusterAuthorizationFailed)]
    public async Task What_leaves_doubt_ends_the_sender_and_is_not_reported(ErrorCode code)
    {
        await SendAsync(Line.Envelopes(3));
        client.Deliver(sender, 1);
        client.Deliver(sender, 1, code);
        client.Deliver(sender, 1);

        await ShouldBreakAsync(sender, results: 1);
    }

    [Fact]
    public async Task Silence_ends_the_sender_and_progress_does_not()
    {
        await SendAsync(Line.Envelopes(3));
        time.Advance(TimeSpan.FromSeconds(29));
        client.Deliver(sender, 1);
        time.Advance(TimeSpan.FromSeconds(29));
        client.Deliver(sender, 1);
        time.Advance(TimeSpan.FromSeconds(32));

        (await ShouldBreakAsync(sender, results: 2)).Message.Should().Contain("ConfirmTimeout");
    }

    [Fact]
    public async Task A_sender_that_has_nothing_under_way_may_wait_for_ever()
    {
        time.Advance(TimeSpan.FromHours(1));
        await SendAsync(Line.Envelope());
        time.Advance(TimeSpan.FromSeconds(29));
        client.Deliver(sender, 1);

        (await sender.ReadResultsAsync(default)).Should().ContainSingle();
    }

    [Fact]
    public async Task What_no_topic_can_have_as_its_name_is_refused()
    {
        await SendAsync(Line.Envelope(recipient: new string('x', 200) + "/" + new string('y', 100)));

        (await sender.ReadResultsAsync(default)).Should().ContainSingle().Which.Reason.Should().Contain("the limit is 249");
    }

    private static async Task<Exception> ShouldBreakAsync(KafkaSender sender, int results)
    {
        (await sender.ReadResultsAsync(default)).Should().HaveCount(results);
        return (await sender.Invoking(each => each.ReadResultsAsync(default).AsTask()).Should().ThrowAsync<MessagingException>()).Which;
    }

    private KafkaSender NewSender(FakeProducer? producer = null)
    {
        var created = new KafkaSender(topics, limits, TimeSpan.FromSeconds(30), time);
        created.Begin(producer ?? client);
        return created;
    }

    private Task SendAsync(params IEnumerable<MessageEnvelope> envelopes) => SendAsync(sender, envelopes);

    private Task SendAsync(KafkaSender to, IEnumerable<MessageEnvelope> envelopes)
        => to.SendAsync([.. envelopes.Select(envelope => new TransportMessage(++tokens, "any", envelope))], default).AsTask();
}
