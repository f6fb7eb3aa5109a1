using System.Runtime.InteropServices;
using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Sending;
using Messaging.Toolkit.Kafka.Topics;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Kafka.Clients;

/// <summary>A producer of librdkafka's.</summary>
internal sealed class ConfluentProducer : IProducerClient
{
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LastReports = TimeSpan.FromSeconds(1);
    private static readonly Error None = new(ErrorCode.NoError);

    private readonly IProducer<SentMessage, ReadOnlyMemory<byte>> producer;
    private readonly IProducerEvents events;
    private readonly Func<Task, Task> endAsync;
    private readonly Connection connection;

    /// <summary>One for all messages: the message tells which one it is by its key.</summary>
    private readonly Action<DeliveryReport<SentMessage, ReadOnlyMemory<byte>>> delivered;

    private ClientThread? thread;

    public ConfluentProducer(KafkaOptions options, IProducerEvents events, Func<Task, Task> endAsync, ILogger logger)
    {
        this.events = events;
        this.endAsync = endAsync;
        delivered = report => events.OnDelivered(report.Message.Key, report.Error);
        connection = new Connection(options, () => producer!.Handle, logger);
        producer = Connection.Build(options, () => new ProducerBuilder<SentMessage, ReadOnlyMemory<byte>>(ClientProperties.OfProducer(options))
            .SetKeySerializer(new KeySerializer())
            .SetValueSerializer(new BodySerializer())
            .SetErrorHandler((_, error) => connection.OnError(error))
            .SetLogHandler((_, message) => connection.OnLog(message))
            .Build());
    }

    /// <summary>Blocks until there is a connection, and begins.</summary>
    public IReadOnlyDictionary<string, string> Open(IReadOnlyCollection<TopicPlan> topics)
    {
        var troubles = connection.Open(topics, () => producer.Poll(TimeSpan.Zero));
        thread = ClientThread.Start("kafka: sending", Turn, producer.Dispose);
        return troubles;
    }

    public Error Produce(SentMessage message)
    {
        try
        {
            producer.Produce(message.Topic, message.Content, delivered);
            return None;
        }
        catch (ProduceException<SentMessage, ReadOnlyMemory<byte>> exception)
        {
            return exception.Error;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (thread is null)
        {
            producer.Dispose();
            return;
        }

        await endAsync(thread.StopAsync());
    }

    private bool Turn()
    {
        try
        {
            producer.Poll(PollTime);
            connection.Check();
            return true;
        }
        catch (Exception exception)
        {
            if (connection.Fatal is not null)
            {
                // The reports of what has made it so come after that.
                producer.Flush(LastReports);
            }

            events.OnBroken(exception);
            return false;
        }
    }

    private sealed class KeySerializer : ISerializer<SentMessage>
    {
        public byte[] Serialize(SentMessage data, SerializationContext context) => data.Key!; // Null has no partition of its own.
    }

    /// <summary>The client copies what it gets; a body that is an array of its own need not be copied before that.</summary>
    private sealed class BodySerializer : ISerializer<ReadOnlyMemory<byte>>
    {
        public byte[] Serialize(ReadOnlyMemory<byte> data, SerializationContext context)
            => MemoryMarshal.TryGetArray(data, out var segment) && segment.Array is { } array && array.Length == data.Length ? array : data.ToArray();
    }
}
