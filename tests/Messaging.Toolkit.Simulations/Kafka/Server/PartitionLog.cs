using Confluent.Kafka;

namespace Messaging.Toolkit.Simulations.Kafka.Server;

/// <summary>
/// A partition: a log that its leader writes. What all replicas have stays and is seen by consumers; of what is behind that, an end of any length is lost
/// when the leader changes. Each producer's batches are taken in their order, and each of them once.
/// </summary>
internal sealed class PartitionLog(KafkaCluster cluster, TopicPartition partition)
{
    private readonly List<Entry> entries = [];
    private readonly List<(long End, Action Replicated)> waiting = [];
    private readonly List<Action> readers = [];
    private int epoch;
    private int replicated;

    public TopicPartition Partition => partition;

    /// <summary>Null while none is elected.</summary>
    public KafkaServer? Leader { get; private set; }

    /// <summary>What consumers see ends before it.</summary>
    public long HighWatermark => replicated;

    /// <summary>Whether all replicas have all of it.</summary>
    public bool IsReplicated => replicated == entries.Count;

    public LogRecord this[long offset] => entries[(int)offset].Record;

    /// <summary>The number that a producer's next message must have.</summary>
    public int NextOf(long producer) => entries.FindLast(entry => entry.Producer == producer) is { } last ? last.Sequence + 1 : 0;

    /// <summary>Takes a batch. What is to happen when all replicas have it happens later, unless it is lost before.</summary>
    public void Append(ProduceRequest request, Action whenReplicated)
    {
        entries.AddRange(request.Records.Select((record, index) => new Entry(record, request.Producer, request.Sequence + index)));
        Await(whenReplicated);
    }

    /// <summary>Something is to happen when all replicas have what is there now.</summary>
    public void Await(Action whenReplicated)
    {
        var (end, since) = (entries.Count, epoch);
        waiting.Add((end, whenReplicated));
        cluster.Later(() =>
        {
            if (since == epoch)
            {
                Replicate(end);
            }
        });
    }

    /// <summary>Something is to happen when there is more to read, or another leader.</summary>
    public void AwaitMore(Action reader) => readers.Add(reader);

    /// <summary>Another server leads it. What the last one had not passed on yet is lost from some place on.</summary>
    public void Elect(KafkaServer? leader)
    {
        epoch++;
        Leader = leader;
        waiting.Clear();
        var kept = cluster.Random.Next(replicated, entries.Count);
        entries.RemoveRange(kept, entries.Count - kept);
        Replicate(kept);
    }

    private void Replicate(int end)
    {
        replicated = Math.Max(replicated, end);
        var done = waiting.Where(each => each.End <= replicated).ToList();
        waiting.RemoveAll(each => each.End <= replicated);
        done.ForEach(each => each.Replicated());
        var woken = readers.ToList();
        readers.Clear();
        woken.ForEach(reader => reader());
    }

    private sealed record Entry(LogRecord Record, long Producer, int Sequence);
}
