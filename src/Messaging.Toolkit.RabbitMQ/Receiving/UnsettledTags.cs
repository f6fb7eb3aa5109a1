namespace Messaging.Toolkit.RabbitMQ.Receiving;

/// <summary>
/// Which deliveries of a channel are not acknowledged, to acknowledge as many as possible with one word: the broker counts
/// them 1, 2, 3 and so on, and takes "all up to this one". What is done ahead of one that is not waits a moment for that, as a word for each costs the
/// broker more than everything else that it does for a message. Thread-safe.
/// </summary>
/// <param name="prefetch">How many may be unacknowledged.</param>
/// <param name="time">The clock.</param>
internal sealed class UnsettledTags(int prefetch, TimeProvider time)
{
    /// <summary>How long what is done waits for what came before it.</summary>
    public static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    private readonly Lock gate = new();
    private readonly HashSet<ulong> unsettled = [];

    /// <summary>Done and not acknowledged: something before each of them is not done.</summary>
    private readonly HashSet<ulong> ahead = [];

    /// <summary>When each of them was done, the first to be done first. Those that are not ahead any more are passed over.</summary>
    private readonly Queue<(ulong Tag, long Since)> waiting = new();

    /// <summary>All before this one are done.</summary>
    private ulong first = 1;
    private ulong last;
    private ulong lastDone;

    /// <summary>Up to where all are done, if the broker has not been told.</summary>
    private ulong? row;

    /// <summary>How long what is ahead still waits. Infinite if nothing is.</summary>
    public TimeSpan Wait
    {
        get
        {
            lock (gate)
            {
                return TryPeek(out var since) ? Left(since) : Timeout.InfiniteTimeSpan;
            }
        }
    }

    /// <summary>
    /// How many may wait: a quarter, and no more than half of the room that is not taken by what is not done and came before them. If a slow key has nearly all of it,
    /// the others must not wait with the little that they have.
    /// </summary>
    private int Most
    {
        get
        {
            var behind = lastDone < last ? (int)(last - lastDone) : 0;
            var inTheWay = unsettled.Count - behind;
            return Math.Clamp((prefetch - inTheWay) / 2, 1, Math.Max(1, prefetch / 4));
        }
    }

    public void Add(ulong tag)
    {
        lock (gate)
        {
            last = tag;
            unsettled.Add(tag);
        }
    }

    /// <summary>Deliveries are done. Those that were before are left out.</summary>
    public void Settle(IEnumerable<ulong> done)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            foreach (var tag in done.Where(unsettled.Remove))
            {
                lastDone = Math.Max(lastDone, tag);
                ahead.Add(tag);
                waiting.Enqueue((tag, now));
            }

            for (; first <= last && !unsettled.Contains(first); first++)
            {
                // The broker does not know what was acknowledged by itself any more: no row may end with it.
                row = ahead.Remove(first) ? first : row;
            }

            if (ahead.Count == 0)
            {
                waiting.Clear();
            }
        }
    }

    /// <summary>Takes out what to tell the broker: up to where all are done, if that is farther than before, and after that which ones are done beyond that.</summary>
    /// <param name="all">Nothing is to wait.</param>
    public (ulong? UpTo, IReadOnlyList<ulong> Single) Take(bool all)
    {
        lock (gate)
        {
            var upTo = row;
            row = null;
            var single = new List<ulong>();
            for (all |= ahead.Count >= Most; TryPeek(out var since) && (all || Left(since) == TimeSpan.Zero); ahead.Remove(single[^1]))
            {
                single.Add(waiting.Dequeue().Tag);
            }

            return (upTo, single);
        }
    }

    /// <summary>When the first of those that wait was done.</summary>
    private bool TryPeek(out long since)
    {
        while (waiting.TryPeek(out var next))
        {
            if (ahead.Contains(next.Tag))
            {
                since = next.Since;
                return true;
            }

            waiting.Dequeue();
        }

        since = 0;
        return false;
    }

    /// <summary>A timer knows whole milliseconds only, and would come too early.</summary>
    private TimeSpan Left(long since) => TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling((Moment - time.GetElapsedTime(since)).TotalMilliseconds)));
}
