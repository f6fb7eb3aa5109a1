using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Clients;
using Messaging.Toolkit.Kafka.Sending;
using Messaging.Toolkit.Simulations.Kafka.Server;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Simulations.Kafka.Client;

/// <summary>An idempotent producer, as librdkafka is one with the configuration of the transport.</summary>
internal sealed class SimulatedProducer(KafkaCluster cluster, NodeLife life, IProducerEvents events) : SimulatedClient(cluster, life), IProducerClient
{
    /// <summary>How long reports are waited for when nothing more can be sent.</summary>
    private static readonly TimeSpan LastReports = TimeSpan.FromSeconds(1);

    /// <summary>Of the messages that are left when it is of no use any more these are reported, and nothing is said of the others.</summary>
    private const double LeftAreReported = 0.5;

    /// <summary>Of the producers these do not come to their end in time.</summary>
    private const double EndsLate = 0.05;

    private static readonly Error None = new(ErrorCode.NoError, "");

    private readonly Dictionary<TopicPartition, ProducerLine> lines = [];
    private int held;

    /// <summary>Its number, by which servers know its messages.</summary>
    public long Number { get; } = cluster.NextProducer();

    /// <summary>Whether it sends nothing more.</summary>
    public bool IsFatal { get; private set; }

    public bool MaySend => !IsFatal && !IsOver && Life.IsAlive;

    public Error Produce(SentMessage message)
    {
        if (!MaySend)
        {
            return new Error(ErrorCode.Local_Fatal, "the producer is of no use any more", isFatal: true);
        }

        if (held >= Cluster.Options.MostQueued)
        {
            return new Error(ErrorCode.Local_QueueFull, "the queue is full");
        }

        held++;
        var logs = Cluster.LogsOf(message.Topic);
        if (logs.Count == 0)
        {
            Report([message], new Error(ErrorCode.UnknownTopicOrPart, "there is no such topic"));
            return None;
        }

        LineOf(logs[message.Key is { } key ? (int)(Hash(key) % (uint)logs.Count) : Random.Next(logs.Count)]).Add(message, LogRecord.Of(message, LaneTime.Beginning + World.Now));
        return None;
    }

    /// <summary>The messages are there, or never will be.</summary>
    public void Report(IReadOnlyList<SentMessage> messages, Error? error = null) => Turns.Add(async () =>
    {
        await Life.EnterAsync(Operation.Confirm);
        foreach (var message in messages)
        {
            held--;
            Cluster.Note(error is null ? "confirmed" : $"not taken: {error.Code}", message.Id);
            events.OnDelivered(message, error ?? None);
        }
    });

    /// <summary>A batch is not taken, and what is behind it must not be.</summary>
    public void Fail(IReadOnlyList<SentMessage> batch, ErrorCode code)
    {
        var isFirst = !IsFatal;
        IsFatal = true;
        Report(batch, new Error(code, "simulated"));
        if (isFirst)
        {
            World.Schedule(Life.Lane, LastReports * Random.NextFraction(), () => World.Post(Life.Lane, () => GiveUp(code)));
        }
    }

    protected override async Task EndAsync()
    {
        CloseConnections();
        await World.DelayAsync(Life.Lane, Random.Chance(EndsLate) ? TimeSpan.FromMinutes(1) : TimeSpan.Zero);
    }

    protected override void OnBroken(Exception exception) => events.OnBroken(exception);

    protected override void OnDisconnected(KafkaConnection connection)
    {
        foreach (var line in lines.Values)
        {
            line.SendAgain(connection);
        }
    }

    private void GiveUp(ErrorCode code)
    {
        foreach (var left in lines.Values.SelectMany(line => line.TakeAll()).Where(_ => Random.Chance(LeftAreReported)).ToList())
        {
            Report([left], new Error(ErrorCode.Local_Fatal, "simulated", isFatal: true));
        }

        Break($"The Kafka client is of no use any more: {code} simulated");
    }

    private ProducerLine LineOf(PartitionLog log)
    {
        if (!lines.TryGetValue(log.Partition, out var line))
        {
            lines.Add(log.Partition, line = new ProducerLine(this, log));
        }

        return line;
    }

    /// <summary>FNV-1a: as good as any, as long as a key has one partition.</summary>
    private static uint Hash(byte[] key) => key.Aggregate(2_166_136_261, static (hash, value) => (hash ^ value) * 16_777_619);
}
