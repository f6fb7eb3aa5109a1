using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using Messaging.Toolkit.Transports;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Tests.Sending;

/// <summary>What becomes of a message that is handed over, on a real broker.</summary>
public sealed class SenderTests
{
    private const int LargestBody = 16 * 1024 * 1024;

    [Fact]
    public async Task What_is_confirmed_is_in_the_queue()
    {
        await using var line = new Line();
        var sender = await line.OpenSenderAsync();

        var results = await line.SendAsync(sender, [.. Enumerable.Range(1, 500).Select(number => Line.Envelope(number, $"key-{number % 7}"))]);

        results.Should().OnlyContain(result => result.Status == SendStatus.Confirmed).And.HaveCount(500);
        (await Line.BareAsync(channel => channel.MessageCountAsync(line.Queue))).Should().Be(500);
    }

    [Fact]
    public async Task Types_of_one_key_do_not_overtake_each_other()
    {
        await using var line = new Line(options => options.UnconfirmedPerKey = 50);
        var sender = await line.OpenSenderAsync();
        var receiver = await line.OpenReceiverAsync(prefetch: 1000);
        MessageType[] types = [Line.Happened, Line.Changed, Line.Work];

        await line.SendAsync(sender, [.. Enumerable.Range(0, 900).Select(number => Line.Envelope(number, $"key-{number % 10}", types[number % 3]))]);

        var received = await Line.ReceiveAsync(receiver, 900);
        received.GroupBy(delivery => delivery.Envelope.Key).Should().OnlyContain(ofKey => ofKey.Select(Line.NumberOf).SequenceEqual(ofKey.Select(Line.NumberOf).Order()));
    }

    [Fact]
    public async Task An_event_that_nobody_subscribes_to_is_refused_and_says_so()
    {
        await using var line = new Line(null, new EndpointTopology("other", [Line.Changed]));
        var sender = await line.OpenSenderAsync();

        var result = (await line.SendAsync(sender, Line.Envelope())).Single();

        result.Status.Should().Be(SendStatus.Refused);
        result.Reason.Should().Contain($"no queue is bound to the exchange '{line.Options.Prefix}happened'");
    }

    [Fact]
    public async Task An_event_that_nobody_subscribes_to_may_be_nobodys_concern()
    {
        await using var line = new Line(options => options.IgnoreUnroutableEvents = true, new EndpointTopology("other", [Line.Changed]));
        var sender = await line.OpenSenderAsync();

        var results = await line.SendAsync(sender, Line.Envelope(), Line.Envelope(type: Line.Work));

        results.Select(result => result.Status).Should().Equal(SendStatus.Confirmed, SendStatus.Refused);
    }

    [Fact]
    public async Task A_command_without_a_queue_is_refused_and_the_others_of_its_key_go_on()
    {
        await using var line = new Line(null, new EndpointTopology("other", [Line.Changed]));
        var sender = await line.OpenSenderAsync();

        var results = await line.SendAsync(sender, Line.Envelope(1, type: Line.Work), Line.Envelope(2, type: Line.Changed));

        results.Select(result => result.Status).Should().Equal(SendStatus.Refused, SendStatus.Confirmed);
        results[0].Reason.Should().Contain($"no queue is bound to the exchange '{line.Queue}:commands'");
    }

    [Fact]
    public async Task A_queue_that_was_deleted_is_declared_again_before_anything_is_refused()
    {
        await using var line = new Line();
        var sender = await line.OpenSenderAsync();
        await Line.BareAsync(channel => channel.QueueDeleteAsync(line.Queue));

        var results = await line.SendAsync(sender, Line.Envelope(1), Line.Envelope(2), Line.Envelope(3, type: Line.Work));

        results.Should().OnlyContain(result => result.Status == SendStatus.Confirmed);
        (await Line.ReceiveAsync(await line.OpenReceiverAsync(), 3)).Select(Line.NumberOf).Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task What_the_broker_does_not_accept_is_given_back_with_all_that_follow_in_its_key()
    {
        await using var line = new Line(options =>
        {
            options.Queues.Type = QueueType.Classic;
            options.Queues.Arguments["x-max-length"] = 2;
            options.Queues.Arguments["x-overflow"] = "reject-publish";
        });
        var sender = await line.OpenSenderAsync();
        var messages = Enumerable.Range(1, 6).Select(number => line.Message(Line.Envelope(number))).ToList();

        var first = await Line.SendAsync(sender, messages);
        first.Select(result => result.Status).Should().Equal(
            SendStatus.Confirmed, SendStatus.Confirmed, SendStatus.Returned, SendStatus.Returned, SendStatus.Returned, SendStatus.Returned);

        // There is room now, but whoever comes without being the first again must not pass the others.
        var receiver = await line.OpenReceiverAsync();
        var received = await Line.ReceiveAsync(receiver, 2);
        await receiver.SettleAsync(received, Settlement.Done, default);
        var late = await line.SendAsync(sender, Line.Envelope(7));
        late.Single().Status.Should().Be(SendStatus.Returned);

        for (var next = messages[2..]; next.Count > 0;)
        {
            next[0] = next[0] with { ResumesKey = true };
            var results = await Line.SendAsync(sender, next);
            next = [.. next.Where(message => results.Single(result => result.Token == message.Token).Status == SendStatus.Returned)];
            var more = await Line.ReceiveAsync(receiver, results.Count - next.Count);
            await receiver.SettleAsync(more, Settlement.Done, default);
            received.AddRange(more);
        }

        received.Select(Line.NumberOf).Should().Equal(1, 2, 3, 4, 5, 6);
    }

    [Fact]
    public async Task A_body_of_16_MiB_arrives_and_a_larger_one_is_refused_once_the_limit_is_known()
    {
        await using var line = new Line();
        var sender = await line.OpenSenderAsync();
        var body = new byte[LargestBody];
        Random.Shared.NextBytes(body);
        (await line.SendAsync(sender, Line.Envelope(body: body))).Single().Status.Should().Be(SendStatus.Confirmed);
        var received = await Line.ReceiveAsync(await line.OpenReceiverAsync(), 1);
        received[0].Envelope.Body.Span.SequenceEqual(body).Should().BeTrue();

        var tooLarge = Line.Envelope(body: new byte[LargestBody + 1]);
        var send = () => line.SendAsync(sender, tooLarge, Line.Envelope(key: "other"));
        await send.Should().ThrowAsync<Exception>("the broker closes the channel, and says the limit there");

        var results = await line.SendAsync(await line.OpenSenderAsync(), tooLarge, Line.Envelope(key: "other"));
        results.Select(result => result.Status).Should().Equal(SendStatus.Refused, SendStatus.Confirmed);
        results[0].Reason.Should().Contain($"{LargestBody + 1} bytes").And.Contain($"takes {LargestBody}");
    }

    [Fact]
    public async Task Headers_that_do_not_fit_into_a_frame_are_refused()
    {
        await using var line = new Line();
        var sender = await line.OpenSenderAsync();
        var envelope = Line.Envelope();
        var large = new MessageEnvelope
        {
            Id = envelope.Id, Type = envelope.Type, Source = envelope.Source, Time = envelope.Time, ContentType = envelope.ContentType, Key = envelope.Key,
            ConversationId = envelope.ConversationId, Body = envelope.Body, Headers = new Dictionary<string, string> { ["large"] = new('x', 1024 * 1024) },
        };

        var results = await line.SendAsync(sender, large, Line.Envelope());

        results.Select(result => result.Status).Should().Equal(SendStatus.Refused, SendStatus.Confirmed);
        results[0].Reason.Should().Contain("must fit into one frame");
    }

    [Fact]
    public async Task An_endpoint_whose_queue_is_declared_differently_keeps_nothing_from_the_others_and_loses_nothing()
    {
        await using var line = new Line(null, new EndpointTopology("worker", [Line.Work, Line.Changed]), new EndpointTopology("other", [Line.Changed]));
        await Line.BareAsync(channel => channel.QueueDeclareAsync(line.Queue, durable: true, exclusive: false, autoDelete: false));

        var results = await line.SendAsync(await line.OpenSenderAsync(), Line.Envelope(1, type: Line.Changed));

        results.Single().Status.Should().Be(SendStatus.Confirmed);
        (await Line.ReceiveAsync(await line.OpenReceiverAsync("other"), 1)).Select(Line.NumberOf).Should().Equal(1);
        (await Line.BareAsync(channel => channel.MessageCountAsync(line.Queue))).Should().Be(1);
    }

    [Fact]
    public async Task An_exchange_that_its_manager_has_forgotten_keeps_only_its_own_messages_from_being_sent()
    {
        await using var line = new Line();
        await line.OpenSenderAsync();
        await Line.BareAsync(async channel =>
        {
            await channel.ExchangeDeleteAsync(line.Options.Prefix + Line.Changed.Name);
            return true;
        });
        line.Options.DeclareTopology = false;

        var failing = await line.OpenSenderAsync();
        var send = () => line.SendAsync(failing, Line.Envelope(1, type: Line.Changed));
        await send.Should().ThrowAsync<MessagingException>().WithMessage("*404*no exchange*");
        var results = await line.SendAsync(await line.OpenSenderAsync(), Line.Envelope(1, type: Line.Changed), Line.Envelope(2));

        results.Select(result => result.Status).Should().Equal(SendStatus.Refused, SendStatus.Confirmed);
        results[0].Reason.Should().Contain($"there is no exchange '{line.Options.Prefix}changed'");
    }

    [Fact]
    public async Task A_message_for_an_endpoint_that_was_never_started_is_refused_and_the_rest_is_sent()
    {
        await using var line = new Line();
        var failing = await line.OpenSenderAsync();
        var send = () => line.SendAsync(failing, Line.Envelope(1, recipient: "elsewhere"));
        await send.Should().ThrowAsync<MessagingException>().WithMessage("*404*no exchange*");

        var results = await line.SendAsync(await line.OpenSenderAsync(), Line.Envelope(1, recipient: "elsewhere"), Line.Envelope(2));

        results.Select(result => result.Status).Should().Equal(SendStatus.Refused, SendStatus.Confirmed);
        results[0].Reason.Should().Contain($"there is no exchange '{line.Options.Prefix}elsewhere:commands': its endpoint has never been started");
    }

    [Fact]
    public async Task A_message_reaches_an_endpoint_of_another_application()
    {
        await using var line = new Line();
        await using var other = new Line(options => options.Prefix = line.Options.Prefix, new EndpointTopology("elsewhere", [Line.Happened]));
        var receiver = await other.OpenReceiverAsync("elsewhere");
        await line.OpenReceiverAsync();

        var results = await line.SendAsync(await line.OpenSenderAsync(), Line.Envelope(1, recipient: "elsewhere"), Line.Envelope(2));

        results.Should().OnlyContain(result => result.Status == SendStatus.Confirmed);
        (await Line.ReceiveAsync(receiver, 2)).Select(Line.NumberOf).Should().Equal(1, 2);
        await Server.UntilQueueHasAsync(line.Queue, 1, "messages");
    }

    [Fact]
    public async Task A_type_that_is_not_registered_any_more_is_refused()
    {
        await using var line = new Line();
        var gone = new MessageType(typeof(byte), MessageKind.Event, "gone", null, null, new JsonMessageSerializer());

        var result = (await line.SendAsync(await line.OpenSenderAsync(), Line.Envelope(type: gone))).Single();

        result.Should().BeEquivalentTo(new { Status = SendStatus.Refused, Reason = "its type 'gone' is not registered in this application any more" });
    }

    [Fact]
    public async Task A_broker_that_is_short_of_memory_is_waited_for()
    {
        await using var line = new Line(options => options.ConfirmTimeout = TimeSpan.FromSeconds(1));
        var sender = await line.OpenSenderAsync();
        await Server.ControlAsync("set_vm_memory_high_watermark", "0.00001");
        try
        {
            await sender.SendAsync([.. Enumerable.Range(0, 300).Select(number => line.Message(Line.Envelope(number, key: null)))], default);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(4));
            var read = () => sender.ReadResultsAsync(patience.Token).AsTask();
            await read.Should().ThrowAsync<OperationCanceledException>("nothing is confirmed, and that is no failure, however long it takes");
        }
        finally
        {
            await Server.ControlAsync("set_vm_memory_high_watermark", "absolute", "1GB");
        }

        (await Line.ResultsAsync(sender, 300)).Should().OnlyContain(result => result.Status == SendStatus.Confirmed);
    }

    [Fact]
    public async Task A_sender_whose_connection_was_closed_says_so_and_the_next_one_works()
    {
        await using var line = new Line();
        var sender = await line.OpenSenderAsync();
        await line.SendAsync(sender, Line.Envelope(1));

        await Server.ControlAsync("close_all_connections", "tried by a test");
        var read = () => sender.ReadResultsAsync(default).AsTask().WaitAsync(Line.Patience);
        await read.Should().ThrowAsync<Exception>().Where(exception => exception.ToString().Contains("tried by a test"));
        var send = () => sender.SendAsync([line.Message(Line.Envelope())], default).AsTask();
        await send.Should().ThrowAsync<MessagingException>();

        (await line.SendAsync(await line.OpenSenderAsync(), Line.Envelope(2))).Single().Status.Should().Be(SendStatus.Confirmed);
    }
}
