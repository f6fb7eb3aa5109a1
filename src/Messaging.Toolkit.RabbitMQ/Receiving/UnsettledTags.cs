namespace Messaging.Toolkit.RabbitMQ.Receiving;

/// <summary>
/// Which deliveries of a channel are not acknowledged, to acknowledge as many as possible with one word: the broker counts
/// them 1, 2, 3 and so on, and takes "all up to this one". What is done ahead of one that is not waits a moment for that, as a word for each costs the
/// broker more than everything else that it does for a message. Thread-safe.
/// </summary>
/// <param name="mostAhead">So many do not wait: they take the room of others.</param>
/// <param name="time">The clock.</param>
internal sealed class UnsettledTags(int mostAhead, TimeProvider time)
{
    /// <summary>How long what is ahead waits for the one that is not done. It begins again with each that is.</summary>
    public static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    private readonly Lock gate = new();

    /// <summary>In their order, from the first that is not done.</summary>
    private readonly Queue<ulong> received = new();

    private readonly HashSet<ulong> unsettled = [];

    /// <summary>Done and not acknowledged: something before each of them is not done.</summary>
    private readonly HashSet<ulong> ahead = [];

    /// <summary>Up to where all are done, if the broker has not been told.</summary>
    private ulong? row;

    private long waitingSince;

    /// <summary>How long what is ahead still waits. Infinite if nothing is.</summary>
    public TimeSpan Wait
    {
        get
        {
            lock (gate)
            {
                return ahead.Count == 0 ? Timeout.InfiniteTimeSpan : Left;
            }
        }
    }

    /// <summary>A timer knows whole milliseconds only, and would come too early.</summary>
    private TimeSpan Left => TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling((Moment - time.GetElapsedTime(waitingSince)).TotalMilliseconds)));

    public void Add(ulong tag)
    {
        lock (gate)
        {
            received.Enqueue(tag);
            unsettled.Add(tag);
        }
    }

    /// <summary>Deliveries are done. Those that were before are left out.</summary>
    public void Settle(IEnumerable<ulong> done)
    {
        lock (gate)
        {
            var isMoving = ahead.Count == 0;
            ahead.UnionWith(done.Where(unsettled.Remove));
            while (received.TryPeek(out var first) && !unsettled.Contains(first))
            {
                received.Dequeue();
                isMoving = true;

                // The broker does not know what was acknowledged by itself any more: no row may end with it.
                row = ahead.Remove(first) ? first : row;
            }

            waitingSince = isMoving ? time.GetTimestamp() : waitingSince;
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
            if (!all && ahead.Count < mostAhead && Left > TimeSpan.Zero)
            {
                return (upTo, []);
            }

            var single = ahead.Order().ToList();
            ahead.Clear();
            return (upTo, single);
        }
    }
}
