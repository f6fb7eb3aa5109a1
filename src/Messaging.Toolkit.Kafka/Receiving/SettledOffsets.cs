namespace Messaging.Toolkit.Kafka.Receiving;

/// <summary>
/// What of a partition was received and is not all settled, in the order of its offsets, and how far all is settled without a gap: only
/// that may be stored. Offsets rise, with holes in between. Not thread-safe.
/// </summary>
internal sealed class SettledOffsets
{
    private long[] ring = new long[64];
    private int first;

    /// <summary>How many have been received since the oldest that is not settled, that one included.</summary>
    public int Count { get; private set; }

    /// <summary>Where to go on if all ended now: behind the last offset before which all is settled; null before the first.</summary>
    public long? Next { get; private set; }

    /// <summary>A message was received.</summary>
    public void Add(long offset)
    {
        if (Count > 0 && offset <= OffsetAt(Count - 1))
        {
            throw new InvalidOperationException("Offsets of a partition rise.");
        }

        if (Count == ring.Length)
        {
            Grow();
        }

        ring[Slot(Count++)] = offset;
    }

    /// <summary>A message is settled. True if more may be stored.</summary>
    public bool Settle(long offset)
    {
        var index = IndexOf(offset);
        if (index < 0)
        {
            return false;
        }

        ring[Slot(index)] = ~offset;
        var before = Next;
        while (Count > 0 && ring[first] < 0)
        {
            Next = ~ring[first] + 1;
            first = (first + 1) & (ring.Length - 1);
            Count--;
        }

        return Next != before;
    }

    /// <summary>Where an offset is that was received and is not settled; negative if it is not.</summary>
    private int IndexOf(long offset)
    {
        var (low, high) = (0, Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var there = OffsetAt(middle);
            if (there == offset)
            {
                return ring[Slot(middle)] < 0 ? -1 : middle;
            }

            (low, high) = there < offset ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    /// <summary>One that is settled is kept as its complement.</summary>
    private long OffsetAt(int index) => ring[Slot(index)] is < 0 and var settled ? ~settled : ring[Slot(index)];

    private int Slot(int index) => (first + index) & (ring.Length - 1);

    private void Grow()
    {
        var larger = new long[ring.Length * 2];
        for (var index = 0; index < Count; index++)
        {
            larger[index] = ring[Slot(index)];
        }

        (ring, first) = (larger, 0);
    }
}
