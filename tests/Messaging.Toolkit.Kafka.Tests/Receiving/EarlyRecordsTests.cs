using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Clients;
using Messaging.Toolkit.Kafka.Receiving;
using Messaging.Toolkit.Kafka.Topics;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Kafka.Tests.Receiving;

/// <summary>The client is at work on a thread of its own before the receiver has got it.</summary>
public sealed class EarlyRecordsTests
{
    private static readonly MessageType Placed = new(typeof(int), MessageKind.Event, "placed", null, null, new JsonMessageSerializer());
    private static readonly TopicPartition Partition = new("placed", 0);

    private readonly FakeConsumer client = new();

    [Fact]
    public void What_was_passed_over_before_is_stored()
    {
        var receiver = CreateReceiver(maxAhead: 10);
        receiver.OnAssigned([Partition]);
        receiver.OnRecord(Record(offset: 4, value: null)); // A tombstone.

        receiver.Begin(client);

        client.Stored.Should().Equal(new TopicPartitionOffset(Partition, 5));
        client.Paused.Should().BeEmpty();
    }

    [Fact]
    public void What_was_full_before_is_paused()
    {
        var receiver = CreateReceiver(maxAhead: 1);
        receiver.OnAssigned([Partition]);
        receiver.OnRecord(Record(offset: 4, value: "{}"u8.ToArray()));

        receiver.Begin(client);

        client.Paused.Should().Equal(Partition);
        client.Stored.Should().BeEmpty();
    }

    private static KafkaReceiver CreateReceiver(int maxAhead)
    {
        var options = new KafkaOptions();
        var topology = new MessageTopology { Types = [Placed], Endpoints = [new EndpointTopology("left", [Placed])] };
        var reader = new RecordReader("left", new TopicMap(options, topology), options, new MessageIds(TimeProvider.System, new EntropySource()), NullLogger.Instance);
        return new KafkaReceiver(reader, prefetch: 10, maxAhead, taker: null, TimeProvider.System, NullLogger.Instance);
    }

    private static ConsumeResult<byte[]?, byte[]?> Record(long offset, byte[]? value) => new()
    {
        TopicPartitionOffset = new TopicPartitionOffset(Partition, offset),
        Message = new Message<byte[]?, byte[]?> { Value = value, Headers = [], Timestamp = new Timestamp(DateTimeOffset.UnixEpoch) },
    };

    private sealed class FakeConsumer : IConsumerClient
    {
        public List<TopicPartitionOffset> Stored { get; } = [];

        public List<TopicPartition> Paused { get; } = [];

        public void Pause(TopicPartition partition) => Paused.Add(partition);

        public void Resume(TopicPartition partition) => Paused.Remove(partition);

        public void Store(TopicPartitionOffset next) => Stored.Add(next);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
