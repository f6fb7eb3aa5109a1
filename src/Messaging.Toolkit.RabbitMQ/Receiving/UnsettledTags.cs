namespace Messaging.Toolkit.RabbitMQ.Receiving;

/// <summary>
/// Which deliveries of a channel are not acknowledged, to acknowledge as many as possible with one word: the broker counts
/// them 1, 2, 3 and so on, and takes "all up to this one". Thread-safe.
/// </summary>
internal sealed class UnsettledTags
{
    private readonly Lock gate = new();
    private readonly SortedSet<ulong> unsettled = [];

    public void Add(ulong tag)
    {
        lock (gate)
        {
            unsettled.Add(tag);
        }
    }

    /// <summary>
    /// Takes out deliveries that are done. Returns what to tell the broker: how far all of them are done, and those beyond that one by one.
    /// Those that were taken out before are left out.
    /// </summary>
    public (ulong? UpTo, IReadOnlyList<ulong> Single) Remove(IEnumerable<ulong> done)
    {
        lock (gate)
        {
            var removed = done.Where(unsettled.Remove).ToList();
            if (removed.Count == 0)
            {
                return (null, []);
            }

            var oldest = unsettled.Count == 0 ? ulong.MaxValue : unsettled.Min;
            ulong? upTo = null;
            var single = new List<ulong>();
            foreach (var tag in removed)
            {
                if (tag < oldest)
                {
                    upTo = Math.Max(upTo ?? 0, tag);
                }
                else
                {
                    single.Add(tag);
                }
            }

            return (upTo, single);
        }
    }
}
