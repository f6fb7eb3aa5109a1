using Confluent.Kafka;

namespace Messaging.Toolkit.Kafka.Clients;

/// <summary>
/// Pauses partitions only if there is no room for a while: the client throws away what it has fetched of a partition that is paused, and
/// fetches it again. Until then it waits, on the client's thread; one that had to be paused is not waited for again soon. Thread-safe.
/// </summary>
internal sealed class LazyPauses(Action<TopicPartition> pause, Action<TopicPartition> resume, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Grudge = TimeSpan.FromSeconds(10);

    private readonly object gate = new();
    private readonly HashSet<TopicPartition> wanted = [];
    private readonly HashSet<TopicPartition> paused = [];
    private readonly Dictionary<TopicPartition, long> pausedAt = [];

    public void Pause(TopicPartition partition)
    {
        lock (gate)
        {
            wanted.Add(partition);
        }
    }

    public void Resume(TopicPartition partition)
    {
        lock (gate)
        {
            if (wanted.Remove(partition))
            {
                Monitor.Pulse(gate);
                return;
            }

            if (paused.Remove(partition))
            {
                resume(partition);
            }
        }
    }

    /// <summary>For the client's thread, before it takes more: waits for room, and pauses what there is no room for.</summary>
    public void Wait()
    {
        lock (gate)
        {
            if (wanted.Count == 0)
            {
                return;
            }

            var begun = time.GetTimestamp();
            while (wanted.Count > 0 && !wanted.Any(IsSlow) && Patience - time.GetElapsedTime(begun) is { Ticks: > 0 } left)
            {
                Monitor.Wait(gate, left);
            }

            foreach (var partition in wanted)
            {
                pausedAt[partition] = time.GetTimestamp();
                paused.Add(partition);
                pause(partition);
            }

            wanted.Clear();
        }
    }

    /// <summary>They are about to go. If they come again they must not be paused: the client would remember that.</summary>
    public void Forget(IEnumerable<TopicPartition> partitions)
    {
        lock (gate)
        {
            foreach (var partition in partitions)
            {
                wanted.Remove(partition);
                pausedAt.Remove(partition);
                if (paused.Remove(partition))
                {
                    resume(partition);
                }
            }
        }
    }

    private bool IsSlow(TopicPartition partition) => pausedAt.TryGetValue(partition, out var at) && time.GetElapsedTime(at) < Grudge;
}
