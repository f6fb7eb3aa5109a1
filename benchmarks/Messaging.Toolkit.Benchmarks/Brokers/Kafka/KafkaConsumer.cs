using System.Threading.Channels;
using Confluent.Kafka;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Brokers.Kafka;

/// <summary>
/// Consumes with Confluent.Kafka, with the properties that the toolkit sets: the offsets of a group are stored when it is acknowledged, and
/// committed by the client every second and at the end. Records are read on a thread of their own, so that reading goes on beside the writing of rows.
/// </summary>
internal sealed class KafkaConsumer : IBareConsumer
{
    private const int Prefetch = 2_000;

    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(100);

    private readonly IConsumer<byte[], byte[]> consumer;
    private readonly CancellationTokenSource stopping = new();
    private readonly Channel<KafkaReceivedMessage> received = Channel.CreateBounded<KafkaReceivedMessage>(new BoundedChannelOptions(Prefetch) { SingleReader = true, SingleWriter = true });
    private readonly Task reading;

    private KafkaConsumer(string servers, string group, string topic)
    {
        consumer = new ConsumerBuilder<byte[], byte[]>(Properties(servers, group)).Build();
        consumer.Subscribe(topic);
        reading = Task.Factory.StartNew(Read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public static KafkaConsumer Open(string servers, string group, string topic) => new(servers, group, topic);

    public async Task<List<ReceivedMessage>> ReceiveAsync(int max)
    {
        var group = new List<ReceivedMessage> { await received.Reader.ReadAsync().AsTask().WaitAsync(Tally.Patience) };
        while (group.Count < max && received.Reader.TryRead(out var message))
        {
            group.Add(message);
        }

        return group;
    }

    public Task AcknowledgeAsync(IReadOnlyList<ReceivedMessage> group)
    {
        foreach (var last in group.Cast<KafkaReceivedMessage>().GroupBy(message => message.Place.Partition).Select(partition => partition.Last()))
        {
            consumer.StoreOffset(new TopicPartitionOffset(last.Place.TopicPartition, last.Place.Offset + 1));
        }

        return Task.CompletedTask;
    }

    /// <summary>Commits what was acknowledged, and leaves the group.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await reading;
        consumer.Close();
        consumer.Dispose();
        stopping.Dispose();
    }

    private void Read()
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                if (consumer.Consume(PollTime) is { } record)
                {
                    received.Writer.WriteAsync(KafkaReceivedMessage.Read(record), stopping.Token).AsTask().Wait();
                }
            }
        }
        catch (Exception exception)
        {
            received.Writer.TryComplete(exception);
        }
    }

    private static Dictionary<string, string> Properties(string servers, string group) => new()
    {
        ["bootstrap.servers"] = servers,
        ["group.id"] = group,
        ["auto.offset.reset"] = "earliest",
        ["enable.auto.commit"] = "true",
        ["enable.auto.offset.store"] = "false",
        ["auto.commit.interval.ms"] = "1000",
        ["fetch.wait.max.ms"] = "100",
        ["queued.min.messages"] = "1000",
        ["queued.max.messages.kbytes"] = "16384",
        ["fetch.message.max.bytes"] = "2097152",
        ["session.timeout.ms"] = "15000",
        ["heartbeat.interval.ms"] = "1000",
        ["partition.assignment.strategy"] = "cooperative-sticky",
    };
}
