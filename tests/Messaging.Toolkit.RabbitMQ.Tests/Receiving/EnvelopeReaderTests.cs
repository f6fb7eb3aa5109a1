using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ.Receiving;
using Messaging.Toolkit.Runtime;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Tests.Receiving;

public sealed class EnvelopeReaderTests
{
    /// <summary>Without a broker: one of version 3.10 closes the connection of whoever sends it a NaN, as its language has none.</summary>
    [Fact]
    public void Headers_that_JSON_cannot_write_are_read_all_the_same()
    {
        object deep = "x";
        for (var i = 0; i < 200; i++)
        {
            deep = new List<object?> { deep };
        }

        var envelope = Read(new() { ["nan"] = new List<object?> { double.NaN, float.NegativeInfinity }, ["deep"] = deep });

        envelope.Headers["nan"].Should().Be("""["NaN","-Infinity"]""");
        envelope.Headers["deep"].Should().Be($"{new string('[', 32)}\"...\"{new string(']', 32)}");
    }

    /// <summary>JSON is written without reflection: a type that was forgotten would throw.</summary>
    [Fact]
    public void Whatever_AMQP_may_have_in_a_table_is_written()
    {
        var table = new Dictionary<string, object?>
        {
            ["bool"] = true, ["byte"] = (byte)1, ["sbyte"] = (sbyte)-1, ["short"] = (short)-2, ["ushort"] = (ushort)2, ["int"] = -3, ["uint"] = 3u, ["long"] = -4L, ["ulong"] = 4ul,
            ["float"] = 0.5f, ["double"] = 1.5, ["decimal"] = 12.34m, ["text"] = "x"u8.ToArray(), ["binary"] = new BinaryTableValue([1, 2]), ["time"] = new AmqpTimestamp(long.MaxValue),
            ["nothing"] = null, ["list"] = new List<object?> { 1, new Dictionary<string, object?>() },
        };

        Read(new() { ["table"] = table }).Headers["table"].Should().Be(
            """{"bool":true,"byte":1,"sbyte":-1,"short":-2,"ushort":2,"int":-3,"uint":3,"long":-4,"ulong":4,"float":0.5,"double":1.5,"decimal":12.34,"text":"x","binary":"AQI=","time":9223372036854775807,"nothing":null,"list":[1,{}]}""");
    }

    [Fact]
    public void Another_program_can_ask_for_a_reply()
    {
        var envelope = Read(new()
        {
            ["cloudEvents_recipient"] = "worker", ["cloudEvents:replyto"] = "shop/orders", ["cloudEvents_request"] = "order 17"u8.ToArray(), ["cloudEvents_replykey"] = 17L,
            ["cloudEvents_acknowledge"] = true, ["cloudEvents_inreplyto"] = "its own",
        });

        envelope.Recipient.Should().Be("worker");
        envelope.ReplyTo.Should().Be(new ReplyAddress("shop/orders", "order 17", "17", Acknowledge: true));
        envelope.InReplyTo.Should().Be("its own");
        envelope.Headers.Should().BeEmpty();
    }

    [Fact]
    public void What_it_writes_may_be_nonsense()
    {
        var endless = new string('x', 10_000);

        Read(new() { ["cloudEvents_replyto"] = "shop" }).ReplyTo.Should().BeNull("nobody would know the reply");
        Read(new() { ["cloudEvents_request"] = "1", ["cloudEvents_acknowledge"] = "true" }).ReplyTo.Should().BeNull();
        Read(new() { ["cloudEvents_replyto"] = "shop", ["cloudEvents_request"] = "" }).ReplyTo.Should().BeNull();
        Read(new() { ["cloudEvents_replyto"] = "no\nname", ["cloudEvents_request"] = "1" }).ReplyTo.Should().BeNull();
        Read(new() { ["cloudEvents_replyto"] = endless, ["cloudEvents_request"] = "1" }).ReplyTo.Should().BeNull();
        Read(new() { ["cloudEvents_recipient"] = "no name" }).Recipient.Should().BeNull();
        Read(new() { ["cloudEvents_inreplyto"] = endless }).InReplyTo.Should().Be(endless[..200]);

        var odd = Read(new() { ["cloudEvents_replyto"] = "shop", ["cloudEvents_request"] = "\0", ["cloudEvents_replykey"] = endless, ["cloudEvents_acknowledge"] = "perhaps" }).ReplyTo!;
        odd.Request.Should().StartWith("sha256:");
        odd.Key.Should().StartWith("sha256:");
        odd.Acknowledge.Should().BeFalse();
    }

    [Theory]
    [InlineData("2031-01-01T02:00:00+02:00", "2031-01-01T00:00:00Z")]
    [InlineData("2031-01-01T00:00:00Z", "2031-01-01T00:00:00Z")]
    [InlineData("tomorrow", null)]
    [InlineData("", null)]
    public void Another_program_can_say_when_its_message_expires(string written, string? expected)
        => Read(new() { ["cloudEvents_expirytime"] = written }).ExpiresAt
            .Should().Be(expected is null ? null : DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public void Another_program_can_name_its_request()
    {
        Read(new() { ["cloudEvents:idempotencykey"] = "ann/1" }).IdempotencyKey.Should().Be("ann/1");
        Read(new() { ["cloudEvents:idempotencykey"] = new string('x', 10_000) }).IdempotencyKey.Should().StartWith("sha256:");
        Read(new() { ["cloudEvents:idempotencykey"] = "" }).IdempotencyKey.Should().BeNull();
    }

    private static MessageEnvelope Read(Dictionary<string, object?> headers)
        => new EnvelopeReader("worker", mapForeign: null, new MessageIds(TimeProvider.System, new EntropySource()), TimeProvider.System, NullLogger.Instance)
            .Read("", "worker", new BasicProperties { Headers = headers }, ReadOnlyMemory<byte>.Empty);
}
