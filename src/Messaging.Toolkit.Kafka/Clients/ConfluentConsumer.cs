using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Topics;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Kafka.Clients;

/// <summary>A consumer of librdkafka's, which is always polled: so its group never takes a slow handler for the end of the process.</summary>
internal sealed class ConfluentConsumer : IConsumerClient
{
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the client's thread waits until it is known where partitions begin. The receiver gives up before that.</summary>
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(15);

    private readonly IConsumer<byte[]?, byte[]?> consumer;
    private readonly IConsumerEvents events;
    private readonly TimeSpan patience;
    private readonly Func<Task, Task> endAsync;
    private readonly Connection connection;
    private readonly LazyPauses pauses;
    private readonly List<TopicPartitionOffset> beginnings = [];
    private ClientThread? thread;

    public ConfluentConsumer(string group, KafkaOptions options, IConsumerEvents events, Func<Task, Task> endAsync, TimeProvider time, ILogger logger)
    {
        this.events = events;
        this.endAsync = endAsync;
        patience = options.RevocationPatience;
        pauses = new LazyPauses(partition => Ask(() => consumer!.Pause([partition])), partition => Ask(() => consumer!.Resume([partition])), time);
        connection = new Connection(options, () => consumer!.Handle, logger);
        consumer = Connection.Build(options, () => new ConsumerBuilder<byte[]?, byte[]?>(ClientProperties.OfConsumer(options, group))
            .SetKeyDeserializer(new BytesDeserializer())
            .SetValueDeserializer(new BytesDeserializer())
            .SetErrorHandler((_, error) => connection.OnError(error))
            .SetLogHandler((_, message) => connection.OnLog(message))
            .SetPartitionsAssignedHandler((_, partitions) => Assign(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => Release(partitions))
            .SetPartitionsLostHandler((_, partitions) => Lose(partitions))
            .Build());
    }

    /// <summary>Blocks until there is a connection, and begins if there is no trouble with the topics.</summary>
    public IReadOnlyDictionary<string, string> Open(IReadOnlyCollection<TopicPlan> topics)
    {
        var troubles = connection.Open(topics, () => consumer.Consume(TimeSpan.Zero));
        if (troubles.Count == 0)
        {
            consumer.Subscribe(topics.Select(topic => topic.Name));
            thread = ClientThread.Start("kafka: receiving", Turn, End);
        }

        return troubles;
    }

    public void Pause(TopicPartition partition) => pauses.Pause(partition);

    public void Resume(TopicPartition partition) => pauses.Resume(partition);

    public void Store(TopicPartitionOffset next) => Ask(() => consumer.StoreOffset(next));

    public async ValueTask DisposeAsync()
    {
        if (thread is null)
        {
            consumer.Dispose();
            return;
        }

        await endAsync(thread.StopAsync());
    }

    private bool Turn()
    {
        try
        {
            pauses.Wait();
            var record = consumer.Consume(PollTime);
            StoreBeginnings();
            if (record is { IsPartitionEOF: false })
            {
                events.OnRecord(record);
            }


            connection.Check();
            return true;
        }
        catch (ConsumeException exception)
        {
            events.OnBroken(new MessagingException($"Kafka does not let us receive: {exception.Error.Code}, {exception.Error.Reason}", exception));
            return false;
        }
        catch (Exception exception)
        {
            events.OnBroken(exception);
            return false;
        }
    }

    /// <summary>On the client's thread, which takes no turn meanwhile: the client fetches nothing of the partitions before this returns.</summary>
    private IEnumerable<TopicPartitionOffset> Assign(List<TopicPartition> partitions)
    {
        var starts = new List<TopicPartitionOffset>();
        if (StartAsync().Wait(LongestStart))
        {
            beginnings.AddRange(starts.Where(start => start.Offset != Offset.Unset));
            return starts;
        }

        events.OnBroken(new MessagingException($"Where the partitions {string.Join(", ", partitions)} begin was not known after {LongestStart.TotalSeconds} s."));
        return partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Unset));

        async Task StartAsync()
        {
            // A database without asynchronous calls would hold this thread for longer than it waits.
            await Task.Yield();
            starts.AddRange(await events.OnAssigned(partitions));
        }
    }

    /// <summary>On the client's thread, which takes no turn meanwhile: the client releases the partitions when this returns, and tells the broker what was stored.</summary>
    private void Release(List<TopicPartitionOffset> revoked)
    {
        var partitions = Only(revoked);
        events.OnRevoked(partitions).Wait(patience);
        events.OnReleased(partitions, areLost: false);
        pauses.Forget(partitions);
    }

    /// <summary>Where a partition begins is where the group is, whatever Kafka has believed. It can be stored when the client has got it.</summary>
    private void StoreBeginnings()
    {
        beginnings.ForEach(Store);
        beginnings.Clear();
    }

    private void Lose(List<TopicPartitionOffset> lost)
    {
        var partitions = Only(lost);
        events.OnReleased(partitions, areLost: true);
        pauses.Forget(partitions);
    }

    private void End()
    {
        consumer.Close();
        consumer.Dispose();
    }

    /// <summary>The partition may be gone at this very moment, and so may the consumer.</summary>
    private static void Ask(Action what)
    {
        try
        {
            what();
        }
        catch (Exception exception) when (exception is KafkaException or ObjectDisposedException)
        {
            // Then it is not asked for any more.
        }
    }

    private static List<TopicPartition> Only(List<TopicPartitionOffset> partitions) => [.. partitions.Select(partition => partition.TopicPartition)];

    /// <summary>Null stays null: it is a tombstone, or no key.</summary>
    private sealed class BytesDeserializer : IDeserializer<byte[]?>
    {
        public byte[]? Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => isNull ? null : data.ToArray();
    }
}
