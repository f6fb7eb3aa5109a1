namespace Messaging.Toolkit.Outbox;

/// <summary>
/// What is under way to one destination: bounded in number and in bytes, and per key, so that a slow key leaves room to the
/// others. Not thread-safe.
/// </summary>
internal sealed class DestinationWindow(string destination, int size, long bytes)
{
    /// <summary>More of one key is of no use, as they run one after another, and would fill the endpoint's own queue.</summary>
    private const int MostPerKey = 125;

    private readonly HashSet<long> inFlight = [];
    private readonly Dictionary<string, int> perKey = new(StringComparer.Ordinal);
    private readonly HashSet<string> heldKeys = new(StringComparer.Ordinal);

    // A page of a few rows costs as much as one of many: it is read when a quarter is free.
    private readonly int leastRoom = Math.Max(1, size / 4);
    private readonly int mostPerKey = Math.Clamp(size / 8, 1, MostPerKey);
    private long bytesInFlight;

    /// <summary>What a row is expected to weigh, which bounds the next page: it rises at once and falls slowly.</summary>
    private double expectedBytes = 64 * 1024;

    /// <summary>Whether there was more than was read.</summary>
    public bool HasMore { get; set; }

    /// <summary>Whether reading is worth it.</summary>
    public bool HasRoom => size - inFlight.Count >= leastRoom && bytesInFlight <= bytes / 4 * 3;

    public DestinationRoom ToRoom()
    {
        var room = Math.Clamp((bytes - bytesInFlight) / expectedBytes, 1, size - inFlight.Count);
        return new(destination, (int)room, [.. inFlight], [.. heldKeys]);
    }

    /// <summary>Adds a row unless it is under way already, or there is no room for it: a page may be full of one key, or of large rows.</summary>
    public bool TryAdd(OutboxRecord record)
    {
        var hasRoom = bytesInFlight < bytes && (record.Key is null || perKey.GetValueOrDefault(record.Key) < mostPerKey);
        if (!hasRoom || !inFlight.Add(record.Id))
        {
            HasMore |= !hasRoom;
            return false;
        }

        expectedBytes = Math.Max(record.Body.Length, expectedBytes + ((record.Body.Length - expectedBytes) / 8));
        Count(record, +1);
        return true;
    }

    /// <summary>Removes a row. True if rows of its key may be read again.</summary>
    public bool Remove(OutboxRecord record)
    {
        inFlight.Remove(record.Id);
        return Count(record, -1);
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
