namespace Messaging.Toolkit.Outbox;

/// <summary>
/// What is under way to one destination: bounded in number and in bytes, and per key, so that a slow key leaves room to the
/// others. Not thread-safe.
/// </summary>
internal sealed class DestinationWindow(string destination, int size, long bytes, DestinationPause? pause = null)
{
    /// <summary>More of one key is of no use, as they run one after another, and would fill the endpoint's own queue.</summary>
    private const int MostPerKey = 125;

    private readonly HashSet<long> inFlight = [];
    private readonly HashSet<long> toDelete = [];
    private readonly Dictionary<string, int> perKey = new(StringComparer.Ordinal);
    private readonly HashSet<string> heldKeys = new(StringComparer.Ordinal);

    /// <summary>Keys of which a message was given back, and the first page that is read after that.</summary>
    private readonly Dictionary<string, long> returnedKeys = new(StringComparer.Ordinal);

    // A page of a few rows costs as much as one of many: it is read when half is free.
    private readonly int leastRoom = Math.Max(1, size / 2);

    // Eight slow keys leave half of the window free. Two at least, so that in a small window the next is there when one is done.
    private readonly int mostPerKey = Math.Clamp(size / 16, 2, MostPerKey);
    private long bytesInFlight;

    /// <summary>What a row is expected to weigh, so that a page asks for no more than there is room for: it rises at once and falls slowly.</summary>
    private double expectedBytes = 64 * 1024;

    /// <summary>Whether more may wait than was read.</summary>
    public bool HasMore { get; set; }

    /// <summary>How long nothing is read because messages were given back.</summary>
    public TimeSpan Pause => pause?.Left ?? TimeSpan.Zero;

    /// <summary>Whether reading is worth it. It is not while deleting does not keep up: each page would have to step over what was confirmed.</summary>
    public bool HasRoom => Pause == TimeSpan.Zero && size - inFlight.Count >= leastRoom && toDelete.Count <= size && bytesInFlight <= bytes / 4 * 3;

    public DestinationRoom ToRoom()
    {
        var room = Math.Clamp((bytes - bytesInFlight) / expectedBytes, 1, size - inFlight.Count);
        return new(destination, (int)room, [.. inFlight, .. toDelete], [.. heldKeys, .. returnedKeys.Keys.Where(key => perKey.ContainsKey(key) && !heldKeys.Contains(key))])
        {
            Bytes = bytes - bytesInFlight,
        };
    }

    /// <summary>
    /// Adds a row unless it is under way already, or there is no room for it: a page may be full of one key, or of large rows.
    /// Nor if a message of its key was given back since the page was read: it may be missing in the page.
    /// </summary>
    /// <param name="record">The row.</param>
    /// <param name="page">Which page it was read with.</param>
    /// <param name="resumesKey">Whether it is the first of its key since one was given back.</param>
    public bool TryAdd(OutboxRecord record, long page, out bool resumesKey)
    {
        resumesKey = record.Key is not null && returnedKeys.ContainsKey(record.Key);
        if (resumesKey && page < returnedKeys[record.Key!])
        {
            HasMore = true;
            return false;
        }

        var hasRoom = bytesInFlight < bytes && (record.Key is null || perKey.GetValueOrDefault(record.Key) < mostPerKey);
        if (!hasRoom || toDelete.Contains(record.Id) || !inFlight.Add(record.Id))
        {
            HasMore |= !hasRoom;
            return false;
        }

        if (resumesKey)
        {
            returnedKeys.Remove(record.Key!);
        }

        expectedBytes = Math.Max(record.Body.Length, expectedBytes + ((record.Body.Length - expectedBytes) / 8));
        Count(record, +1);
        return true;
    }

    /// <summary>Makes room for another row, and keeps this one from being read until it is deleted. True if rows of its key may be read again.</summary>
    public bool Confirm(OutboxRecord record)
    {
        pause?.Forgive();
        toDelete.Add(record.Id);
        return Forget(record);
    }

    /// <summary>Forgets a row that has been deleted.</summary>
    public void Remove(long id) => toDelete.Remove(id);

    /// <summary>Forgets all that is under way, and the pause; what was confirmed is still to be deleted.</summary>
    public void ForgetInFlight()
    {
        inFlight.Clear();
        perKey.Clear();
        heldKeys.Clear();
        returnedKeys.Clear();
        bytesInFlight = 0;
        HasMore = false;
        pause?.End();
    }

    private bool Forget(OutboxRecord record)
    {
        inFlight.Remove(record.Id);
        return Count(record, -1) || (record.Key is { } key && returnedKeys.ContainsKey(key) && !perKey.ContainsKey(key));
    }

    /// <summary>
    /// Removes a row that was given back. Its key goes on when nothing more of it is under way, with a page that is read after
    /// that: whatever came after the row in its key comes after it again.
    /// </summary>
    public void Return(OutboxRecord record, long nextPage)
    {
        if (record.Key is { } key)
        {
            returnedKeys[key] = nextPage;
        }

        pause?.Begin();
        Forget(record);
    }

    private bool Count(OutboxRecord record, int change)
    {
        bytesInFlight += change * (long)record.Body.Length;
        if (record.Key is not { } key)
        {
            return false;
        }

        var count = perKey.GetValueOrDefault(key) + change;
        if (count == 0)
        {
            perKey.Remove(key);
        }
        else
        {
            perKey[key] = count;
        }

        // Held from the bound on, free again at half of it: its rows are then read by the page and not one by one.
        if (count >= mostPerKey)
        {
            heldKeys.Add(key);
            return false;
        }

        return count <= mostPerKey / 2 && heldKeys.Remove(key);
    }
}
