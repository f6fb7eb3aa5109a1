using System.Runtime.ExceptionServices;
using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Clients;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Streams;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Kafka.Receiving;

/// <summary>
/// Receives as one member of a group. What comes waits here, by partition, until the core asks for it; a partition with much waiting is paused.
/// What is stored of a partition is how far all of it is settled, so that nothing that is not settled is ever behind it.
/// </summary>
internal sealed class KafkaReceiver(RecordReader reader, int prefetch, int maxAhead, PartitionTaker? taker, TimeProvider time, ILogger logger) : IReceiver, IConsumerEvents
{
    /// <summary>A partition with slow keys leaves room for the others; but with few partitions each may have much.</summary>
    private const int LeastShare = 125;
    private const int MostShares = 8;

    /// <summary>As much waits of one partition as is worth to be fetched at once.</summary>
    private const int LeastRoom = 256;

    /// <summary>How long to wait for partitions: a member that has none may be one too many, or must wait until others have given some up.</summary>
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EmptyPatience = TimeSpan.FromSeconds(3);

    private readonly Lock gate = new();
    private readonly Dictionary<TopicPartition, AssignedPartition> partitions = [];
    private readonly List<AssignedPartition> order = [];
    private readonly List<(IReadOnlyList<AssignedPartition> Of, TaskCompletionSource Drained)> drains = [];
    private readonly Signal available = new(time);
    private readonly Signal joined = new(time);
    private IConsumerClient? client;
    private Exception? broken;
    private bool isMember;
    private bool isClosed;
    private int next;
    private int totalOut;

    /// <summary>Takes the client that consumes, which is the receiver's from now on. It may have been at work already, with nobody to tell it what it should do.</summary>
    public void Begin(IConsumerClient consumer)
    {
        lock (gate)
        {
            client = consumer;
            foreach (var partition in order)
            {
                if (partition.Next is { } stored)
                {
                    client.Store(stored);
                }

                if (partition.IsPaused)
                {
                    client.Pause(partition.Partition);
                }
            }
        }
    }

    /// <summary>Waits until the group has taken it in.</summary>
    public async Task JoinAsync(CancellationToken cancellationToken)
    {
        // The first assignment may be empty, and the next one come when others have given something up.
        if (await joined.WaitAsync(JoinPatience, cancellationToken) && isMember && !HasPartitions())
        {
            await joined.WaitAsync(EmptyPatience, cancellationToken);
        }

        lock (gate)
        {
            ThrowIfBroken();
        }
    }

    public async ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(int max, CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (gate)
            {
                ThrowIfBroken();
                if (Take(max) is { Count: > 0 } batch)
                {
                    return batch;
                }
            }

            await available.WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken);
        }
    }

    /// <summary>What was handed out of a partition that is somebody else's now is settled there.</summary>
    public ValueTask SettleAsync(IReadOnlyList<Delivery> deliveries, Settlement settlement, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var further = new HashSet<AssignedPartition>();
            foreach (var delivery in deliveries.Cast<KafkaDelivery>().Where(delivery => delivery.IsOut))
            {
                totalOut--;
                if (settlement == Settlement.Abandon)
                {
                    delivery.Partition.PutBack(delivery);
                    NoteIfLost(delivery);
                }
                else if (delivery.Partition.Settle(delivery))
                {
                    further.Add(delivery.Partition);
                }
            }

            foreach (var partition in further)
            {
                client?.Store(partition.Next!);
            }

            ResumeWhereThereIsRoom();
            EndDrains();
        }

        available.Set();
        return ValueTask.CompletedTask;
    }

    /// <summary>What has come and is with nobody yet is left to others; they get it when this receiver ends.</summary>
    public ValueTask CloseIntakeAsync()
    {
        lock (gate)
        {
            isClosed = true;
            foreach (var partition in order)
            {
                partition.Close();
            }
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        OnBroken(new ObjectDisposedException(nameof(KafkaReceiver)));
        lock (gate)
        {
            isClosed = true;
            EndDrains(all: true);
        }

        if (client is not null)
        {
            await client.DisposeAsync();
        }
    }

    public async Task<IReadOnlyCollection<TopicPartitionOffset>> OnAssigned(IReadOnlyCollection<TopicPartition> assigned)
    {
        IReadOnlyDictionary<TopicPartition, StreamPosition> positions = new Dictionary<TopicPartition, StreamPosition>();
        if (taker is not null && assigned.Count > 0)
        {
            positions = await TakeAsync(taker, assigned);
        }

        lock (gate)
        {
            if (taker is not null && broken is not null)
            {
                // Where they begin is not known, or too late: nothing of them must be handled here.
                return [.. assigned.Select(partition => new TopicPartitionOffset(partition, Offset.Unset))];
            }

            isMember = true;
            var room = Math.Max(LeastRoom, prefetch / Math.Max(1, partitions.Count + assigned.Count));
            foreach (var partition in assigned)
            {
                var state = new AssignedPartition(partition, room, maxAhead, positions.GetValueOrDefault(partition));
                if (isClosed || (taker is not null && !positions.ContainsKey(partition)))
                {
                    state.Close();
                    state.IsPaused = true;
                    client?.Pause(partition);
                }

                partitions[partition] = state;
                order.Add(state);
            }
        }

        if (assigned.Count > 0)
        {
            logger.Assigned(reader.Endpoint, assigned.Count, string.Join(", ", assigned));
        }

        joined.Set();
        return [.. assigned.Select(partition => new TopicPartitionOffset(partition, PartitionTaker.StartOf(positions.GetValueOrDefault(partition))))];
    }

    public Task OnRevoked(IReadOnlyCollection<TopicPartition> revoked)
    {
        var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            var closing = revoked.Select(partition => partitions.GetValueOrDefault(partition)).OfType<AssignedPartition>().ToList();
            closing.ForEach(partition => partition.Leave());
            drains.Add((closing, drained));
            EndDrains(all: isClosed && broken is not null);
        }

        return drained.Task;
    }

    public void OnReleased(IReadOnlyCollection<TopicPartition> released, bool areLost)
    {
        var left = 0;
        lock (gate)
        {
            foreach (var partition in released)
            {
                if (partitions.Remove(partition, out var state))
                {
                    left += state.Out;
                    state.Release();
                    order.Remove(state);
                }
            }
        }

        if (broken is ObjectDisposedException || released.Count == 0)
        {
            return;
        }

        if (areLost)
        {
            logger.Lost(reader.Endpoint, released.Count, string.Join(", ", released));
            return;
        }

        logger.Revoked(reader.Endpoint, released.Count, string.Join(", ", released));
        if (left > 0)
        {
            logger.NotDrained(reader.Endpoint, left);
        }
    }

    public void OnRecord(ConsumeResult<byte[]?, byte[]?> record)
    {
        var envelope = reader.Read(record);
        lock (gate)
        {
            if (!partitions.TryGetValue(record.TopicPartition, out var partition) || partition.IsClosing)
            {
                return;
            }

            if (partition.BeginsBelow(record.Offset.Value))
            {
                logger.BeginsBelow(reader.Endpoint, record.TopicPartition.ToString(), record.Offset.Value);
            }

            if (envelope is not null)
            {
                partition.Receive(envelope, record.Offset.Value);
            }
            else if (partition.PassOver(record.Offset.Value))
            {
                client?.Store(partition.Next!);
            }

            if (partition is { IsFull: true, IsPaused: false })
            {
                partition.IsPaused = true;
                client?.Pause(partition.Partition);
            }
        }

        available.Set();
    }

    public void OnBroken(Exception exception)
    {
        lock (gate)
        {
            broken ??= exception;
        }

        available.Set();
        joined.Set();
    }

    /// <summary>
    /// Makes the partitions this process's in the database. If it has none then, the receiver is of no use; if it fails with some, whose last transaction is still in the
    /// middle of a handler perhaps, it receives from the others for a while. Then the next one tries again.
    /// </summary>
    private async Task<IReadOnlyDictionary<TopicPartition, StreamPosition>> TakeAsync(PartitionTaker taker, IReadOnlyCollection<TopicPartition> assigned)
    {
        using var patience = new CancellationTokenSource(PartitionTaker.Patience, time);
        var (positions, failure) = await taker.TakeAsync(reader.Endpoint, assigned, patience.Token);
        if (failure is not null && positions.Count == 0 && !Receives())
        {
            OnBroken(failure);
        }
        else if (failure is not null)
        {
            logger.NotTaken(reader.Endpoint, assigned.Count - positions.Count, PartitionTaker.RetryPause, failure);
            _ = BreakLaterAsync(failure);
        }

        return positions;
    }

    private async Task BreakLaterAsync(Exception failure)
    {
        await Task.Delay(PartitionTaker.RetryPause, time);
        OnBroken(failure);
    }

    /// <summary>What was handed out could not be handled because somebody else has taken the partition, and it is not known here: it joins again. Call with the lock held.</summary>
    private void NoteIfLost(KafkaDelivery delivery)
    {
        if (delivery is { Place.Position: { IsLost: true } position, Partition.IsReleased: false })
        {
            broken ??= new MessagingException(
                $"Another process has taken {position.Stream} for endpoint '{position.Endpoint}' although it is assigned to this one: this one joins the group again. " +
                "If that goes on, endpoints of one name share a database and have different consumer groups, which they must not.");
        }
    }

    /// <summary>Some of each partition in turn, as far as there is room. Call with the lock held.</summary>
    private List<Delivery> Take(int max)
    {
        var taken = new List<Delivery>();
        var share = Math.Max(LeastShare, prefetch / Math.Clamp(order.Count, 1, MostShares));
        var fair = prefetch / Math.Max(1, order.Count);
        var room = Math.Min(max, prefetch - totalOut);
        for (var idle = 0; taken.Count < room && idle < order.Count;)
        {
            var partition = order[next++ % order.Count];
            idle++;
            var most = partition.ShareOf(share, fair);
            while (partition.HasWaiting && partition.Out < most && taken.Count < room)
            {
                taken.Add(partition.Take());
            }
        }

        totalOut += taken.Count;
        if (taken.Count > 0)
        {
            ResumeWhereThereIsRoom();
        }

        return taken;
    }

    /// <summary>Call with the lock held.</summary>
    private void ResumeWhereThereIsRoom()
    {
        foreach (var partition in order)
        {
            if (partition is { IsPaused: true, HasRoom: true, IsClosing: false })
            {
                partition.IsPaused = false;
                client?.Resume(partition.Partition);
            }
        }
    }

    /// <summary>Call with the lock held.</summary>
    private void EndDrains(bool all = false) => drains.RemoveAll(drain => (all || drain.Of.All(partition => partition.Out == 0)) && drain.Drained.TrySetResult());

    /// <summary>Whether something comes from partitions that were assigned earlier.</summary>
    private bool Receives()
    {
        lock (gate)
        {
            return order.Exists(partition => !partition.IsClosing);
        }
    }

    private bool HasPartitions()
    {
        lock (gate)
        {
            return partitions.Count > 0;
        }
    }

    private void ThrowIfBroken()
    {
        if (broken is not null)
        {
            ExceptionDispatchInfo.Throw(broken);
        }
    }
}
