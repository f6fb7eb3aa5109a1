using Confluent.Kafka;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;

namespace Messaging.Toolkit.Simulations.Kafka.Server;

/// <summary>One of the cluster's servers: it leads some partitions and coordinates some groups.</summary>
internal sealed class KafkaServer(KafkaCluster cluster, int number)
{
    private static readonly TimeSpan LongestSlowness = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestThrottle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestOutage = TimeSpan.FromSeconds(5);

    /// <summary>How many records are fetched at once.</summary>
    private const int MostFetched = 20;

    /// <summary>Of the confirms lost these are followed by none, on connections that stay; in the others one breaks.</summary>
    private const double EternalSilences = 0.3;

    /// <summary>Of the failures of a producer these are for good; in the others its connection breaks.</summary>
    private const double FatalFailures = 0.4;

    private readonly List<KafkaConnection> connections = [];
    private TimeSpan downUntil;

    public bool IsUp => downUntil <= cluster.World.Now;

    public void Connected(KafkaConnection connection) => connections.Add(connection);

    public void Disconnected(KafkaConnection connection) => connections.Remove(connection);

    /// <summary>It dies, and is there again after a time.</summary>
    public void Restart(TimeSpan absence)
    {
        cluster.Note($"{this} dies");
        downUntil = cluster.World.Now + absence;
        connections.ToList().ForEach(connection => connection.Cut());
        cluster.Died(this);
        cluster.World.Schedule(cluster.Lane, absence, cluster.ElectMissing);
    }

    public void Produce(ProduceRequest request)
    {
        if (request.Log.Leader != this)
        {
            request.Reply(ErrorCode.NotLeaderForPartition);
            return;
        }

        var (next, last) = (request.Log.NextOf(request.Producer), request.Sequence + request.Records.Count);
        if (last <= next)
        {
            // It is there already: its answer was lost.
            request.Log.Await(() => Confirm(request));
        }
        else if (request.Sequence > next)
        {
            request.Reply(ErrorCode.OutOfOrderSequenceNumber);
        }
        else if (IsRefused(request))
        {
            request.Reply(ErrorCode.RecordListTooLarge);
        }
        else if (request.Life.Happens(FaultKind.ChannelClosed, Operation.Send, out var severity))
        {
            Fail(request, severity);
        }
        else
        {
            request.Log.Append(request, () => Confirm(request));
        }

        if (request.Life.Happens(FaultKind.Blocked, Operation.Send, out var throttle))
        {
            request.Connection.Stall(LongestThrottle * throttle);
        }

        RestartMaybe(request.Life, Operation.Send);
    }

    /// <summary>Answers when there is something, or when this is not the one to be asked any more.</summary>
    public void Fetch(PartitionLog log, long offset, KafkaConnection connection, Action<FetchAnswer> answer)
    {
        if (log.Leader != this)
        {
            connection.Answer(() => answer(new FetchAnswer(false, [])));
        }
        else if (offset >= log.HighWatermark)
        {
            log.AwaitMore(() => Fetch(log, offset, connection, answer));
        }
        else
        {
            var count = (int)Math.Min(MostFetched, log.HighWatermark - offset);
            connection.Answer(() => answer(new FetchAnswer(true, [.. Enumerable.Range(0, count).Select(index => log[offset + index])])));
        }
    }

    public void RestartMaybe(NodeLife life, Operation operation)
    {
        if (life.Happens(FaultKind.BrokerRestart, operation, out var severity))
        {
            Restart(LongestOutage * severity);
        }
    }

    public override string ToString() => $"server {number}";

    /// <summary>Limits are those of batches. By a fault they are lower for once, and then each message alone is taken.</summary>
    private bool IsRefused(ProduceRequest request)
        => request.Records.Sum(record => record.Value.Length) > cluster.Options.LargestBatch
           || (request.Records.Count > 1 && request.Life.Happens(FaultKind.Returned, Operation.Send));

    /// <summary>Whether it was taken nobody knows.</summary>
    private void Fail(ProduceRequest request, double severity)
    {
        if (severity is < FatalFailures / 2 or > 0.7)
        {
            request.Log.Append(request, () => { });
        }

        if (severity < FatalFailures)
        {
            request.Reply(ErrorCode.InvalidProducerEpoch, isFatal: true);
        }
        else
        {
            request.Connection.Cut();
        }
    }

    private void Confirm(ProduceRequest request)
    {
        if (request.Life.Happens(FaultKind.ConfirmLost, Operation.Confirm, out var severity))
        {
            if (cluster.Options.IsImpatient && severity < EternalSilences)
            {
                request.Connection.FallSilent();
            }
            else
            {
                request.Connection.Cut();
            }
        }

        if (request.Life.Happens(FaultKind.SlowBroker, Operation.Confirm, out severity))
        {
            request.Connection.Stall(LongestSlowness * severity);
        }

        request.Reply(ErrorCode.NoError);
    }
}

/// <param name="IsLeader">Whether the one that was asked leads the partition.</param>
/// <param name="Records">What there is from the offset on.</param>
internal readonly record struct FetchAnswer(bool IsLeader, IReadOnlyList<LogRecord> Records);
