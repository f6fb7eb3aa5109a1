using System.Text;
using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Receiving;
using Messaging.Toolkit.Kafka.Topics;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Kafka.Tests.Receiving;

/// <summary>Whatever another program has sent reaches a handler, or the dead letters, and is not lost because of a header.</summary>
public sealed class RecordReaderTests
{
    private static readonly MessageType Placed = new(typeof(int), MessageKind.Event, "placed", null, null, new JsonMessageSerializer());
    private static readonly MessageType Paid = new(typeof(long), MessageKind.Event, "paid", null, null, new JsonMessageSerializer());
    private static readonly MessageType Ship = new(typeof(string), MessageKind.Command, "ship", "left", null, new JsonMessageSerializer());

    private readonly KafkaOptions options = new();

    [Fact]
    public void A_topic_of_one_event_says_the_type_of_what_says_nothing()
    {
        var envelope = Read("placed", "order-1"u8.ToArray(), "{}"u8.ToArray())!;

        envelope.Type.Should().Be("placed");
        envelope.Key.Should().Be("order-1");
        envelope.Body.ToArray().Should().Equal("{}"u8.ToArray());
        Read("placed", null, "{}"u8.ToArray())!.Key.Should().BeNull();
    }

    [Fact]
    public void A_message_without_an_id_has_that_of_its_place_each_time_that_it_comes()
    {
        Read("placed", null, [1], offset: 7)!.Id.Should().Be(Read("placed", null, [1], offset: 7)!.Id).And.NotBe(Read("placed", null, [1], offset: 8)!.Id);
    }

    [Fact]
    public void Of_headers_with_one_name_the_last_counts()
    {
        var id = Guid.CreateVersion7();
        var envelope = Read("placed", "k"u8.ToArray(), [1], ("ce_id", "other"u8.ToArray()), ("ce_id", Encoding.UTF8.GetBytes(id.ToString())), ("tenant", "a"u8.ToArray()), ("tenant", "b"u8.ToArray()),
            ("content-type", "a/b"u8.ToArray()), ("Content-Type", "c/d"u8.ToArray()), ("ce_partitionkey", "another"u8.ToArray()))!;

        envelope.Id.Should().Be(id);
        envelope.Headers.Should().Equal(new Dictionary<string, string> { ["tenant"] = "b" });
        envelope.ContentType.Should().Be("c/d");
        envelope.Key.Should().Be("another", "the header says more than the key of the record");
    }

    [Fact]
    public void Headers_without_a_value_say_nothing_or_are_empty()
    {
        var envelope = Read("placed", "k"u8.ToArray(), [1], ("ce_type", null), ("ce_id", null), ("ce_partitionkey", null), ("tenant", null), ("content-type", null), ("empty", []))!;

        envelope.Type.Should().Be("placed");
        envelope.Key.Should().Be("k");
        envelope.ContentType.Should().BeEmpty();
        envelope.Headers.Should().Equal(new Dictionary<string, string> { ["tenant"] = "", ["empty"] = "" });
    }

    [Fact]
    public void Bytes_that_are_no_text_come_as_Base64()
    {
        var envelope = Read("placed", [0xFF, 0xFE], [1], ("binary", [0xC3, 0x28]), ("ce_correlationid", [0xFF]))!;

        envelope.Key.Should().Be(Convert.ToBase64String([0xFF, 0xFE]));
        envelope.Headers["binary"].Should().Be(Convert.ToBase64String([0xC3, 0x28]));
        envelope.CorrelationId.Should().Be(Convert.ToBase64String([0xFF]));
    }

    [Fact]
    public void A_key_that_the_tables_cannot_keep_becomes_a_digest()
        => Read("placed", new byte[600], [1])!.Key.Should().StartWith("sha256:");

    [Fact]
    public void Where_types_share_a_topic_an_endpoint_sees_its_own()
    {
        options.EventTopic = _ => "all";
        options.CommandTopic = _ => "all";

        Read("all", null, [1], ("ce_type", "placed"u8.ToArray())).Should().NotBeNull();
        Read("all", null, [1], ("ce_type", "ship"u8.ToArray())).Should().NotBeNull();
        Read("all", null, [1], ("ce_type", "paid"u8.ToArray())).Should().BeNull("it does not handle it");
        Read("all", null, [1], ("ce_type", "newer"u8.ToArray())).Should().BeNull("nobody here knows it");
        Read("all", null, [1], ("ce_type", "paid"u8.ToArray()), ("ce_recipient", "left"u8.ToArray())).Should().NotBeNull("it is for it alone");
        Read("all", null, [1], ("ce_type", "placed"u8.ToArray()), ("ce_recipient", "right"u8.ToArray())).Should().BeNull("it is for another alone");
    }

    [Fact]
    public void What_nobody_knows_is_somebodys_mistake_in_a_topic_of_ones_own()
    {
        Read("placed", null, [1], ("ce_type", "newer"u8.ToArray()))!.Type.Should().Be("newer");
        Read("left.commands", null, [1], ("ce_type", "newer"u8.ToArray()))!.Type.Should().Be("newer");
        Read("left.commands", null, [1])!.Type.Should().BeEmpty();
    }

    [Fact]
    public void Foreign_messages_are_mapped()
    {
        options.MapForeign = foreign => Copy(foreign.Envelope, type: foreign.Endpoint + "/" + foreign.Topic);
        Read("left.commands", null, [1])!.Type.Should().Be("left/left.commands");

        options.MapForeign = _ => throw new InvalidOperationException();
        Read("left.commands", null, [1])!.Type.Should().BeEmpty("it goes to the dead letters as it is");
    }

    [Fact]
    public void Tombstones_are_passed_over_unless_somebody_asks_for_them()
    {
        Read("placed", "k"u8.ToArray(), null).Should().BeNull();

        options.MapTombstone = foreign => foreign.Envelope.Key == "k" ? Copy(foreign.Envelope, type: "deleted") : null;
        Read("placed", "k"u8.ToArray(), null)!.Type.Should().Be("deleted");
        Read("placed", "l"u8.ToArray(), null).Should().BeNull();

        options.MapTombstone = _ => throw new InvalidOperationException();
        Read("placed", "k"u8.ToArray(), null)!.Body.Length.Should().Be(0, "it goes to the dead letters");
    }

    private static MessageEnvelope Copy(MessageEnvelope envelope, string type) => new()
    {
        Id = envelope.Id, Type = type, Source = envelope.Source, Time = envelope.Time, ContentType = envelope.ContentType, Key = envelope.Key, ConversationId = envelope.ConversationId, Body = envelope.Body,
    };

    private MessageEnvelope? Read(string topic, byte[]? key, byte[]? value, params (string Name, byte[]? Value)[] headers) => Read(topic, key, value, 1, headers);

    private MessageEnvelope? Read(string topic, byte[]? key, byte[]? value, long offset, params (string Name, byte[]? Value)[] headers)
    {
        var topology = new MessageTopology { Types = [Placed, Paid, Ship], Endpoints = [new("left", [Placed, Ship])] };
        var record = new ConsumeResult<byte[]?, byte[]?>
        {
            Topic = topic, Partition = 3, Offset = offset, Message = new() { Key = key, Value = value, Headers = [], Timestamp = new Timestamp(DateTimeOffset.UnixEpoch) },
        };
        foreach (var (name, bytes) in headers)
        {
            record.Message.Headers.Add(name, bytes);
        }

        return new RecordReader("left", new TopicMap(options, topology), options, new MessageIds(TimeProvider.System, new EntropySource()), NullLogger.Instance).Read(record);
    }
}
