using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Outbox;

/// <summary>
/// The messages under way: bounded per destination, so that one that does not confirm fills its own window and
/// nobody else's. What was confirmed takes no room any more, and is remembered until its row is deleted, so that it is not
/// read again. Thread-safe.
/// </summary>
/// <param name="destinations">Where messages go.</param>
/// <param name="size">How many may be under way to each.</param>
/// <param name="bytes">How many bytes of bodies may be.</param>
/// <param name="newPause">Makes the pause of a destination that gives messages back. Null for none.</param>
internal sealed class RelayWindow(IReadOnlyCollection<string> destinations, int size, long bytes, Func<DestinationPause>? newPause = null)
{
    /// <summary>How many rows are deleted at once: what a database takes in its stride.</summary>
    public const int MostPerStatement = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<long, OutboxRecord> inFlight = [];

    /// <summary>Rows of what was confirmed. Without their bodies, which are no longer counted.</summary>
    private readonly Dictionary<long, (DestinationWindow Window, int Bucket)> toDelete = [];

    private readonly Dictionary<string, DestinationWindow> windows =
        destinations.ToDictionary(name => name, name => new DestinationWindow(name, size, bytes, newPause?.Invoke()), StringComparer.Ordinal);

    // A statement that deletes one row costs nearly as much as one that deletes many: as many as a page brings, whatever their destinations.
    private readonly int worthDeleting = Math.Clamp(size / 2, 1, MostPerStatement);
    private readonly int[] perBucket = new int[OutboxOptions.Buckets];
    private long page;

    /// <summary>What to read next, or null if there is no room anywhere, or everybody pauses. What is added afterwards is taken for a part of that page.</summary>
    public OutboxQuery? NextQuery(IReadOnlyCollection<int> buckets)
    {
        lock (gate)
        {
            page++;
            var rooms = new List<DestinationRoom>();
            foreach (var window in windows.Values)
            {
                // Whoever has woken the relay does so once: what is not read now is read when there is room.
                window.HasMore = !window.HasRoom;
                if (!window.HasMore)
                {
                    rooms.Add(window.ToRoom());
                }
            }

            return rooms.Count == 0 ? null : new OutboxQuery(rooms, [.. buckets]);
        }
    }

    /// <summary>Remembers for which destinations there was more than was read.</summary>
    public void NotePages(OutboxQuery query, IReadOnlyList<OutboxRecord> records)
    {
        lock (gate)
        {
            var pages = records
                .AggregateBy(record => record.Destination, (Rows: 0, Bytes: 0L), static (page, record) => (page.Rows + 1, page.Bytes + record.Body.Length))
                .ToDictionary(StringComparer.Ordinal);
            foreach (var room in query.Destinations)
            {
                var (rows, bytes) = pages.GetValueOrDefault(room.Destination);
                windows[room.Destination].HasMore = rows >= room.Room || bytes >= room.Bytes;
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

    /// <summary>Makes room: the message is no longer under way, and its row can be deleted. True if it is the first such, or one that makes it many.</summary>
    /// <param name="record">The row.</param>
    /// <param name="isKeyFree">Whether rows of its key may be read again.</param>
    public bool Confirm(OutboxRecord record, out bool isKeyFree)
    {
        lock (gate)
        {
            if (!inFlight.Remove(record.Id))
            {
                return isKeyFree = false;
            }

            var window = windows[record.Destination];
            isKeyFree = window.Confirm(record);
            toDelete.Add(record.Id, (window, record.Bucket));
            return toDelete.Count == 1 || toDelete.Count == worthDeleting;
        }
    }

    /// <summary>Whether there are rows to delete.</summary>
    public bool HasRowsToDelete
    {
        get
        {
            lock (gate)
            {
                return toDelete.Count > 0;
            }
        }
    }

    /// <summary>Whether there are many of them.</summary>
    public bool IsWorthDeleting
    {
        get
        {
            lock (gate)
            {
                return toDelete.Count >= worthDeleting;
            }
        }
    }

    /// <summary>The rows to delete next.</summary>
    public IReadOnlyList<long> RowsToDelete
    {
        get
        {
            lock (gate)
            {
                return [.. toDelete.Keys.Take(MostPerStatement)];
            }
        }
    }

    /// <summary>Forgets rows that have been deleted.</summary>
    public void Remove(IReadOnlyList<long> ids)
    {
        lock (gate)
        {
            foreach (var id in ids)
            {
                if (toDelete.Remove(id, out var row))
                {
                    row.Window.Remove(id);
                    perBucket[row.Bucket]--;
                }
            }
        }
    }

    /// <summary>Forgets what is under way, as nobody will report on it; rows that are to be deleted still are. Returns how much that was.</summary>
    public int ForgetInFlight()
    {
        lock (gate)
        {
            var lost = inFlight.Count;
            foreach (var record in inFlight.Values)
            {
                perBucket[record.Bucket]--;
            }

            inFlight.Clear();
            foreach (var window in windows.Values)
            {
                window.ForgetInFlight();
            }

            return lost;
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

    /// <summary>Whether there is room now for what is known to wait.</summary>
    public bool HasRoomForMore
    {
        get
        {
            lock (gate)
            {
                return windows.Values.Any(window => window is { HasMore: true, HasRoom: true });
            }
        }
    }

    /// <summary>Whether nothing is under way, and no row to be deleted.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (gate)
            {
                return inFlight.Count + toDelete.Count == 0;
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
