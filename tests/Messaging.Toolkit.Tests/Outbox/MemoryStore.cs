using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Streams;
using Messaging.Toolkit.Tests.Runtime;

namespace Messaging.Toolkit.Tests.Outbox;

/// <summary>
/// An outbox for one relay, which is given every lease. What it holds takes no memory: a body is made when its row is read, so that
/// what is read is what there is in memory.
/// </summary>
sealed class MemoryStore(int bodyBytes) : IMessageStore, IOutboxStore, ILeaseStore
{
    private readonly SortedDictionary<long, (string Destination, string? Key)> rows = [];
    private readonly Lock gate = new();
    private long lastId;

    public string Name => "memory";

    public IOutboxStore Outbox => this;

    public ILeaseStore Leases => this;

    /// <summary>How often it was read.</summary>
    public int Reads { get; private set; }

    /// <summary>How often it will fail to delete rows.</summary>
    public int FailingDeletes { get; set; }

    /// <summary>How many rows a destination still has.</summary>
    public int CountOf(string destination)
    {
        lock (gate)
        {
            return rows.Values.Count(row => row.Destination == destination);
        }
    }

    public void Add(string destination, string? key = null)
    {
        lock (gate)
        {
            rows.Add(++lastId, (destination, key));
        }
    }

    public Task<IReadOnlyList<OutboxRecord>> ReadAsync(OutboxQuery query, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            Reads++;
            return Task.FromResult<IReadOnlyList<OutboxRecord>>([.. query.Destinations.SelectMany(room => rows
                .Where(row => row.Value.Destination == room.Destination && !room.Excluded.Contains(row.Key) && !(row.Value.Key is { } key && room.HeldKeys.Contains(key)))
                .Take(room.Room)
                .Select(row => RecordOf(row.Key, row.Value.Destination, row.Value.Key)))]);
        }
    }

    public Task DeleteAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken)
    {
        if (FailingDeletes-- > 0)
        {
            throw new InvalidOperationException("The database is away.");
        }

        lock (gate)
        {
            foreach (var id in ids)
            {
                rows.Remove(id);
            }
        }

        return Task.CompletedTask;
    }

    public Task<LeaseTable> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(new LeaseTable(ManualTimeProvider.Start.UtcDateTime, []));

    public Task<IReadOnlyCollection<string>> TakeAsync(string owner, IReadOnlyCollection<string> names, TimeSpan duration, CancellationToken cancellationToken) => Task.FromResult(names);

    public Task ReleaseAsync(string owner, IReadOnlyCollection<string> names, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ForgetAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) => Task.CompletedTask;

    public event Action? MessagesCommitted
    {
        add { }
        remove { }
    }

    public IInbox Inbox => throw new NotSupportedException();

    public IParkingStore Parking => throw new NotSupportedException();

    public IStreamStore Streams => throw new NotSupportedException();

    public IScheduleStore Schedule { get => field ?? throw new NotSupportedException(); init; }

    public IDeadLetterStore DeadLetters => throw new NotSupportedException();

    public ISagaStore Sagas => throw new NotSupportedException();

    public ISagaCatalogue SagaCatalogue => throw new NotSupportedException();

    public Toolkit.Journal.IJournalStore Journal => throw new NotSupportedException();

    public Task<StoreFigures> ReadFiguresAsync(int countUpTo, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task AppendAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<string>> ReadDestinationsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public IOutboxSession GetSession(IServiceProvider scope) => throw new NotSupportedException();

    public IEnumerable<string> Validate() => [];

    private OutboxRecord RecordOf(long id, string destination, string? key) => new()
    {
        Id = id, Destination = destination, Bucket = (int)(id % 64), MessageId = new Guid((int)id, 0, 0, new byte[8]), Type = "t", Key = key, Body = new byte[bodyBytes],
        Headers = EnvelopeHeaders.Write(new MessageEnvelope { Id = default, Type = "t", Source = "/", Time = default, ContentType = "c", ConversationId = default, Body = default }),
    };
}
