using System.Text;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using Messaging.Toolkit.Transports;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Tests.Receiving;

/// <summary>What an endpoint gets, on a real broker, from us and from others.</summary>
public sealed class ReceiverTests
{
    [Fact]
    public async Task A_receiver_whose_queue_is_deleted_says_so_and_the_next_one_works()
    {
        await using var line = new Line();
        var receiver = await line.OpenReceiverAsync();

        await Line.BareAsync(channel => channel.QueueDeleteAsync(line.Queue));
        var receive = () => receiver.ReceiveAsync(10, default).AsTask().WaitAsync(Line.Patience);
        await receive.Should().ThrowAsync<Exception>().Where(exception => exception.ToString().Contains("cancelled the consumer"));

        var next = await line.OpenReceiverAsync();
        await line.SendAsync(await line.OpenSenderAsync(), Line.Envelope(1));
        (await Line.ReceiveAsync(next, 1)).Select(Line.NumberOf).Should().Equal(1);
    }

    [Fact]
    public async Task A_receiver_whose_connection_was_closed_says_so_and_what_it_had_comes_again_in_order()
    {
        await using var line = new Line();
        var receiver = await line.OpenReceiverAsync();
        await line.SendAsync(await line.OpenSenderAsync(), [.. Enumerable.Range(1, 20).Select(number => Line.Envelope(number))]);
        var received = await Line.ReceiveAsync(receiver, 20);
        await receiver.SettleAsync([received[0], received[1], received[7]], Settlement.Done, default);
        await line.LeftAsync(17);

        await Server.ControlAsync("close_all_connections", "tried by a test");
        var receive = () => receiver.ReceiveAsync(10, default).AsTask().WaitAsync(Line.Patience);
        await receive.Should().ThrowAsync<Exception>().Where(exception => exception.ToString().Contains("tried by a test"));
        var settle = () => receiver.SettleAsync([received[2]], Settlement.Done, default).AsTask();
        await settle.Should().ThrowAsync<MessagingException>();

        (await Line.ReceiveAsync(await line.OpenReceiverAsync(), 17)).Select(Line.NumberOf).Should().Equal(Enumerable.Range(3, 18).Except([8]));
    }

    [Fact]
    public async Task One_process_consumes_and_the_next_takes_over_where_it_ended()
    {
        await using var line = new Line();
        var active = await line.OpenReceiverAsync();
        var standby = await line.OpenReceiverAsync();
        await line.SendAsync(await line.OpenSenderAsync(), [.. Enumerable.Range(1, 10).Select(number => Line.Envelope(number))]);
        var received = await Line.ReceiveAsync(active, 10);
        await active.SettleAsync(received[..4], Settlement.Done, default);
        await active.SettleAsync(received[4..], Settlement.Abandon, default);

        using var moment = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var idle = () => standby.ReceiveAsync(10, moment.Token).AsTask();
        await idle.Should().ThrowAsync<OperationCanceledException>();
        await active.DisposeAsync();

        (await Line.ReceiveAsync(standby, 6)).Select(Line.NumberOf).Should().Equal(5, 6, 7, 8, 9, 10);
    }

    [Fact]
    public async Task Competing_processes_consume_at_once()
    {
        await using var line = new Line(options => options.Queues.Consumers = QueueConsumers.Competing);
        var one = await line.OpenReceiverAsync(prefetch: 1);
        var other = await line.OpenReceiverAsync(prefetch: 1);
        await line.SendAsync(await line.OpenSenderAsync(), Line.Envelope(1), Line.Envelope(2));

        (await Line.ReceiveAsync(one, 1)).Concat(await Line.ReceiveAsync(other, 1)).Select(Line.NumberOf).Should().BeEquivalentTo([1, 2]);
    }

    [Fact]
    public async Task A_handler_that_takes_longer_than_the_broker_waits_ends_the_receiver_and_the_message_comes_again()
    {
        await using var line = new Line();
        await SetAsync("consumer_timeout", "1000");
        await SetAsync("channel_tick_interval", "1000");
        try
        {
            var receiver = await line.OpenReceiverAsync();
            await line.SendAsync(await line.OpenSenderAsync(), Line.Envelope(1));
            await Line.ReceiveAsync(receiver, 1);

            var receive = () => receiver.ReceiveAsync(1, default).AsTask().WaitAsync(Line.Patience);
            await receive.Should().ThrowAsync<Exception>().Where(exception => exception.ToString().Contains("timed out"));
        }
        finally
        {
            await SetAsync("consumer_timeout", "1800000");
            await SetAsync("channel_tick_interval", "60000");
        }

        (await Line.ReceiveAsync(await line.OpenReceiverAsync(), 1)).Select(Line.NumberOf).Should().Equal(1);

        static Task<string> SetAsync(string name, string milliseconds) => Server.ControlAsync("eval", $"application:set_env(rabbit, {name}, {milliseconds}).");
    }

    [Fact]
    public async Task Any_client_can_read_what_we_send()
    {
        await using var line = new Line(options => options.Queues.Consumers = QueueConsumers.Competing);
        var envelope = Line.Envelope(key: "käy", body: Encoding.UTF8.GetBytes("""{"orderId":"1"}"""));
        await line.SendAsync(await line.OpenSenderAsync(), envelope);

        var message = (await Line.BareAsync(channel => channel.BasicGetAsync(line.Queue, autoAck: true)))!;

        Encoding.UTF8.GetString(message.Body.Span).Should().Be("""{"orderId":"1"}""");
        message.Exchange.Should().Be(line.Options.Prefix + "happened");
        message.BasicProperties.Should().BeEquivalentTo(new { ContentType = "application/json", MessageId = envelope.Id.ToString(), Type = "happened", DeliveryMode = DeliveryModes.Persistent });
        message.BasicProperties.Headers!.Where(header => header.Value is byte[]).ToDictionary(header => header.Key, header => Encoding.UTF8.GetString((byte[])header.Value!)).Should().BeEquivalentTo(new Dictionary<string, string>
        {
            ["cloudEvents_specversion"] = "1.0",
            ["cloudEvents_id"] = envelope.Id.ToString(),
            ["cloudEvents_type"] = "happened",
            ["cloudEvents_source"] = "/test",
            ["cloudEvents_time"] = envelope.Time.ToString("O"),
            ["cloudEvents_partitionkey"] = "käy",
            ["cloudEvents_conversationid"] = envelope.ConversationId.ToString(),
        });
    }

    [Fact]
    public async Task Any_client_can_send_us_what_we_read()
    {
        await using var line = new Line();
        var envelope = await ReceiveForeignAsync(line, new BasicProperties
        {
            ContentType = "text/plain",
            CorrelationId = "their correlation",
            Headers = new Dictionary<string, object?> { ["cloudEvents:type"] = "happened", ["cloudEvents:id"] = "their-id", ["cloudEvents:source"] = "/theirs", ["cloudEvents:partitionkey"] = "7" },
        });

        envelope.Should().BeEquivalentTo(new { Type = "happened", Source = "/theirs", Key = "7", ContentType = "text/plain", CorrelationId = "their correlation" });
        envelope.Id.Should().Be((await ReceiveForeignAsync(line, new BasicProperties
        {
            Headers = new Dictionary<string, object?> { ["cloudEvents_id"] = "their-id", ["cloudEvents_source"] = "/theirs" },
        })).Id, "the same source and id are the same message");
    }

    [Fact]
    public async Task Headers_of_every_type_become_text()
    {
        await using var line = new Line();
        var envelope = await ReceiveForeignAsync(line, new BasicProperties
        {
            Headers = new Dictionary<string, object?>
            {
                ["text"] = "grün", ["empty"] = "", ["nothing"] = null, ["int"] = 42, ["long"] = long.MinValue, ["short"] = (short)-1, ["byte"] = (byte)200, ["sbyte"] = (sbyte)-5,
                ["double"] = 1.5, ["float"] = 0.25f, ["decimal"] = 12.34m, ["bool"] = true, ["time"] = new AmqpTimestamp(1), ["late"] = new AmqpTimestamp(long.MaxValue),
                ["bytes"] = new byte[] { 0xFF, 0xFE }, ["binary"] = new BinaryTableValue([1, 2]),
                ["table"] = new Dictionary<string, object?> { ["a"] = 1, ["b"] = new List<object?> { "x", true, null } },
                ["list"] = new List<object?> { 1, "two", new Dictionary<string, object?> { ["c"] = new AmqpTimestamp(2) } },
            },
        });

        envelope.Headers.Should().BeEquivalentTo(new Dictionary<string, string>
        {
            ["text"] = "grün", ["empty"] = "", ["nothing"] = "", ["int"] = "42", ["long"] = "-9223372036854775808", ["short"] = "-1", ["byte"] = "200", ["sbyte"] = "-5",
            ["double"] = "1.5", ["float"] = "0.25", ["decimal"] = "12.34", ["bool"] = "true", ["time"] = "1970-01-01T00:00:01.0000000+00:00", ["late"] = "9223372036854775807",
            ["bytes"] = "//4=", ["binary"] = "AQI=",
            ["table"] = """{"a":1,"b":["x",true,null]}""",
            ["list"] = """[1,"two",{"c":"1970-01-01T00:00:02.0000000\u002B00:00"}]""",
        });
    }

    [Theory]
    [InlineData("key\nwith a line", null)]
    [InlineData("", null)]
    [InlineData("x", "not a time")]
    public async Task What_is_odd_still_arrives(string key, string? time)
    {
        await using var line = new Line();
        var envelope = await ReceiveForeignAsync(line, new BasicProperties
        {
            Type = "happened",
            Timestamp = new AmqpTimestamp(long.MinValue),
            Headers = new Dictionary<string, object?>
            {
                ["cloudEvents_partitionkey"] = key, ["cloudEvents_time"] = time, ["cloudEvents_correlationid"] = new string('c', 5000), ["cloudEvents_conversationid"] = 42,
                ["traceparent"] = new byte[] { 0xFF },
            },
        });

        envelope.Type.Should().Be("happened");
        envelope.CorrelationId!.Length.Should().BeLessThanOrEqualTo(MessageLimits.MaxNameLength);
        (envelope.Key is null || MessageKeys.Refuse(envelope.Key) is null).Should().BeTrue();
        envelope.Time.Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_message_that_says_nothing_can_be_mapped()
    {
        await using var plain = new Line();
        (await ReceiveForeignAsync(plain, new BasicProperties())).Type.Should().BeEmpty("then it is a dead letter");

        await using var line = new Line(options => options.MapForeign = foreign => new MessageEnvelope
        {
            Id = foreign.Envelope.Id,
            Type = "happened",
            Source = $"/{foreign.Endpoint}/{foreign.Exchange}/{foreign.RoutingKey}",
            Time = foreign.Envelope.Time,
            ContentType = "application/json",
            ConversationId = foreign.Envelope.ConversationId,
            Body = foreign.Envelope.Body,
        });
        var mapped = await ReceiveForeignAsync(line, new BasicProperties());

        mapped.Should().BeEquivalentTo(new { Type = "happened", Source = $"/worker//{line.Queue}" });
        Encoding.UTF8.GetString(mapped.Body.Span).Should().Be("theirs");
    }

    /// <summary>As the pages for those who come from other libraries advise: their exchange of a type, a fanout, is bound to the event's.</summary>
    [Theory]
    [InlineData(null, "mapped")] // MassTransit says nothing in AMQP's own properties.
    [InlineData("happened", "happened")] // NServiceBus says the type.
    public async Task What_another_library_publishes_comes_through_a_binding_of_its_exchange(string? type, string expected)
    {
        await using var line = new Line(options => options.MapForeign = foreign => new MessageEnvelope
        {
            Id = foreign.Envelope.Id, Type = "mapped", Source = "/theirs", Time = foreign.Envelope.Time, ContentType = "application/json", ConversationId = foreign.Envelope.ConversationId,
            Body = foreign.Envelope.Body,
        });
        await using var receiver = await line.OpenReceiverAsync();
        var theirs = line.Options.Prefix + "Contracts:Happened";
        var id = Guid.NewGuid();

        await Line.BareAsync(async channel =>
        {
            await channel.ExchangeDeclareAsync(theirs, ExchangeType.Fanout, durable: true);
            await channel.ExchangeBindAsync(destination: line.Options.Prefix + "happened", source: theirs, routingKey: "");
            var properties = new BasicProperties { MessageId = id.ToString(), Type = type };
            await channel.BasicPublishAsync(theirs, routingKey: "", mandatory: true, properties, Encoding.UTF8.GetBytes("theirs"));
            await channel.ExchangeDeleteAsync(theirs);
            return true;
        });
        var received = await Line.ReceiveAsync(receiver, 1);
        await receiver.SettleAsync(received, Settlement.Done, default);

        received[0].Envelope.Should().BeEquivalentTo(new { Id = id, Type = expected });
    }

    [Fact]
    public async Task A_message_that_cannot_be_mapped_stays_as_it_came()
    {
        await using var line = new Line(options => options.MapForeign = foreign => throw new FormatException("What is this?"));
        (await ReceiveForeignAsync(line, new BasicProperties())).Type.Should().BeEmpty("then it is a dead letter");
    }

    private static async Task<MessageEnvelope> ReceiveForeignAsync(Line line, BasicProperties properties)
    {
        await using var receiver = await line.OpenReceiverAsync();
        await Line.BareAsync(async channel =>
        {
            await channel.BasicPublishAsync("", line.Queue, mandatory: true, properties, Encoding.UTF8.GetBytes("theirs"));
            return true;
        });
        var received = await Line.ReceiveAsync(receiver, 1);
        await receiver.SettleAsync(received, Settlement.Done, default);
        return received[0].Envelope;
    }
}
