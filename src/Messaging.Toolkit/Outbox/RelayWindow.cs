using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Outbox;

/// <summary>
/// The messages under way: bounded per destination, so that one that does not confirm fills its own window and
/// nobody else's. Thread-safe.
/// </summary>
/// <param name="destinations">Where messages go.</param>
/// <param name="size">How many may be under way to each.</param>
/// <param name="bytes">How many bytes of bodies may be.</param>
/// <param name="newPause">Makes the pause of a destination that gives messages back. Null for none.</param>
internal sealed class RelayWindow(IReadOnlyCollection<string> destinations, int size, long bytes, Func<DestinationPause>? newPause = null)
{
    private readonly Lock gate = new();
    private readonly Dictionary<long, OutboxRecord> inFlight = [];
    private readonly Dictionary<string, DestinationWindow> windows =
        destinations.ToDictionary(name => name, name => new DestinationWindow(name, size, bytes, newPause?.Invoke()), StringComparer.Ordinal);

    private readonly int[] perBucket = new int[OutboxOptions.Buckets];
    private long page;

    /// <summary>What to read next, or null if there is no room anywhere. What is added afterwards is taken for a part of that page.</summary>
    public OutboxQuery? NextQuery(IReadOnlyCollection<int> buckets)
    {
        lock (gate)
        {
            page++;
            var rooms = windows.Values.Where(window => window.HasRoom).Select(window => window.ToRoom()).ToList();
            return rooms.Count == 0 ? null : new OutboxQuery(rooms, [.. buckets]);
        }
    }

    /// <summary>Remembers for which destinations there was more than was read.</summary>
    public void NotePages(OutboxQuery query, IReadOnlyList<OutboxRecord> records)
    {
        lock (gate)
        {
            var read = records.CountBy(record => record.Destination).ToDictionary();
            foreach (var room in query.Destinations)
            {
                windows[room.Destination].HasMore = read.GetValueOrDefault(room.Destination) >= room.Room;
            }
        }
    }

    /// <summary>
    /// Adds messages about to be sent. Returns those that were not under way already and that there is room for. Rows of a
    /// destination that nobody asked for (a database that compares without case may return them) are left alone.
    /// </summary>
    public IReadOnlyList<TransportMessage> Add(IEnumerable<(OutboxRecord Record, MessageEnvelope Envelope)> messages)
    {
        lock (gate)
        {
            var added = new List<TransportMessage>();
            foreach (var (record, envelope) in messages)
            {
                if (windows.TryGetValue(record.Destination, out var window) && window.TryAdd(record, page, out var resumesKey))
                {
                    inFlight.Add(record.Id, record);
                    perBucket[record.Bucket]++;
                    added.Add(new TransportMessage(record.Id, record.Destination, envelope, resumesKey));
                }
            }

            return added;
        }
    }

    public OutboxRecord? Find(long id)
    {
        lock (gate)
        {
            return inFlight.GetValueOrDefault(id);
        }
    }

    /// <summary>Removes messages that are no longer under way. True if there is room now for what is known to wait.</summary>
    public bool Remove(IEnumerable<long> ids)
    {
        lock (gate)
        {
            var isKeyFree = false;
            foreach (var id in ids)
            {
                if (inFlight.Remove(id, out var record))
                {
                    isKeyFree |= windows[record.Destination].Remove(record);
                    perBucket[record.Bucket]--;
                }
            }

            return isKeyFree || windows.Values.Any(window => window is { HasMore: true, HasRoom: true });
        }
    }

    /// <summary>Removes a message that the destination has given back: it is sent again before those of its key that came after it.</summary>
    public void Return(OutboxRecord record)
    {
        lock (gate)
        {
            if (inFlight.Remove(record.Id))
            {
                windows[record.Destination].Return(record, page + 1);
                perBucket[record.Bucket]--;
            }
        }
    }

    /// <summary>How long it takes until the first destination that pauses is tried again; null if none does.</summary>
    public TimeSpan? NextTry
    {
        get
        {
            lock (gate)
            {
                var pauses = windows.Values.Select(window => window.Pause).Where(pause => pause > TimeSpan.Zero).ToList();
                return pauses.Count == 0 ? null : pauses.Min();
            }
        }
    }

    /// <summary>Whether more is known to wait than was read.</summary>
    public bool HasMore
    {
        get
        {
            lock (gate)
            {
                return windows.Values.Any(window => window.HasMore);
            }
        }
    }

    public bool IsEmpty => Count == 0;

    /// <summary>How many are under way.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return inFlight.Count;
            }
        }
    }

    public bool HasBucket(int bucket)
    {
        lock (gate)
        {
            return perBucket[bucket] > 0;
        }
    }
}
