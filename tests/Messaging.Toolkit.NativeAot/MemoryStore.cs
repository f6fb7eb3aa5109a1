using System.Collections.Concurrent;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Streams;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.NativeAot;

/// <summary>As much of a store as a message needs whose handlers succeed: what it does not have is reported in the log, and nothing here needs it.</summary>
sealed class MemoryStore(IServiceScopeFactory scopes) : IMessageStore, IOutboxStore, ILeaseStore, IInbox
{
    public const string StoreName = "memory";

    private readonly ConcurrentDictionary<long, OutboxRecord> rows = new();
    private readonly ConcurrentDictionary<string, Lease> leases = new();
    private long lastId;

    public string Name => StoreName;

    public IOutboxStore Outbox => this;

    public ILeaseStore Leases => this;

    public IInbox Inbox => this;

    public IParkingStore Parking => throw new NotSupportedException();

    public IDeadLetterStore DeadLetters => throw new NotSupportedException();

    public IScheduleStore Schedule { get; } = new NoSchedule();

    public ISagaStore Sagas => throw new NotSupportedException();

    public ISagaCatalogue SagaCatalogue => throw new NotSupportedException();

    public IStreamStore Streams => throw new NotSupportedException();

    public IJournalStore Journal => throw new NotSupportedException();

    public Task<StoreFigures> ReadFiguresAsync(int countUpTo, CancellationToken cancellationToken) => throw new NotSupportedException();

    public event Action? MessagesCommitted;

    public IOutboxSession GetSession(IServiceProvider scope) => scope.GetRequiredService<MemorySession>();

    public IEnumerable<string> Validate() => [];

    public Task<IReadOnlyList<OutboxRecord>> ReadAsync(OutboxQuery query, CancellationToken cancellationToken)
        => Task.FromResult<IReadOnlyList<OutboxRecord>>([.. query.Destinations.SelectMany(room => rows.Values
            .Where(row => row.Destination == room.Destination && !room.Excluded.Contains(row.Id)).OrderBy(row => row.Id).Take(room.Room))]);

    public Task DeleteAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken)
    {
        foreach (var id in ids)
        {
            rows.TryRemove(id, out _);
        }

        return Task.CompletedTask;
    }

    public Task AppendAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        foreach (var message in messages)
        {
            var id = Interlocked.Increment(ref lastId);
            rows[id] = new OutboxRecord
            {
                Id = id, Destination = message.Destination, Bucket = message.Bucket, MessageId = message.Envelope.Id, Type = message.Envelope.Type, Key = message.Envelope.Key,
                Headers = EnvelopeHeaders.Write(message.Envelope), Body = message.Envelope.Body.ToArray(),
            };
        }

        MessagesCommitted?.Invoke();
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<string>> ReadDestinationsAsync(CancellationToken cancellationToken)
        => Task.FromResult<IReadOnlyList<string>>([.. rows.Values.Select(row => row.Destination).Distinct()]);

    public Task<LeaseTable> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(new LeaseTable(DateTime.UtcNow, [.. leases.Values]));

    public Task<IReadOnlyCollection<string>> TakeAsync(string owner, IReadOnlyCollection<string> names, TimeSpan duration, CancellationToken cancellationToken)
    {
        foreach (var name in names)
        {
            leases[name] = new Lease(name, owner, 1, DateTime.UtcNow + duration);
        }

        return Task.FromResult(names);
    }

    public Task ReleaseAsync(string owner, IReadOnlyCollection<string> names, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ForgetAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<IReadOnlyList<HandlingOutcome>> HandleAsync(string endpoint, IReadOnlyList<Delivery> messages, HandleInScope handle, CancellationToken cancellationToken)
    {
        for (var index = 0; index < messages.Count; index++)
        {
            await using var scope = scopes.CreateAsyncScope();
            var session = scope.ServiceProvider.GetRequiredService<MemorySession>();
            await handle(scope.ServiceProvider, session, index, cancellationToken);
            await AppendAsync(session.Messages, cancellationToken);
        }

        return [.. messages.Select(_ => HandlingOutcome.Handled)];
    }

    public Task<HandlingOutcome> HandleParkedAsync(ParkedMessage parked, MessageEnvelope envelope, HandleInScope handle, CancellationToken cancellationToken) => throw new NotSupportedException();

    public bool IsTransient(Exception exception) => false;

    public Task<int> PurgeAsync(TimeSpan age, int count, CancellationToken cancellationToken) => Task.FromResult(0);
}
