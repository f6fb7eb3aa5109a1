using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>The moments of a process's background work at which a test can hold it.</summary>
public sealed class Gates
{
    /// <summary>Before leases are taken or renewed, with the names asked for.</summary>
    public Func<IReadOnlyCollection<string>, Task> BeforeTake { get; set; } = _ => Task.CompletedTask;

    /// <summary>After a page of the outbox was read, with the number of rows and the token of the reader.</summary>
    public Func<int, CancellationToken, Task> AfterRead { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>After messages were taken to be handled, before this process knows which.</summary>
    public Func<int, Task> AfterTakeDue { get; set; } = _ => Task.CompletedTask;

    /// <summary>After a message was parked, or noted to have failed again.</summary>
    public Action AfterPark { get; set; } = () => { };

    /// <summary>After a dead letter was stored.</summary>
    public Action AfterBury { get; set; } = () => { };

    /// <summary>After some dead letters were replayed in one transaction.</summary>
    public Func<Task> AfterReplay { get; set; } = () => Task.CompletedTask;

    public void Install(MessagingBuilder messaging)
    {
        messaging.Services.RemoveAll<IMessageStore>();
        messaging.Services.AddSingleton<IMessageStore>(services => new GatedStore(services.GetRequiredService<EfMessageStore<ShopDb>>(), this));
    }

    private sealed class GatedStore(IMessageStore store, Gates gates) : IMessageStore, ILeaseStore, IOutboxStore
    {
        public event Action? MessagesCommitted
        {
            add => store.MessagesCommitted += value;
            remove => store.MessagesCommitted -= value;
        }

        public string Name => store.Name;

        public IOutboxStore Outbox => this;

        public ILeaseStore Leases => this;

        public IInbox Inbox => store.Inbox;

        public IStreamStore Streams => store.Streams;

        public IParkingStore Parking { get; } = new GatedParking(store.Parking, gates);

        public IDeadLetterStore DeadLetters { get; } = new GatedDeadLetters(store.DeadLetters, gates);

        public IScheduleStore Schedule => store.Schedule;

        public ISagaStore Sagas => store.Sagas;

        public ISagaCatalogue SagaCatalogue => store.SagaCatalogue;

        public Toolkit.Journal.IJournalStore Journal => store.Journal;

        public Task<StoreFigures> ReadFiguresAsync(int countUpTo, CancellationToken cancellationToken) => store.ReadFiguresAsync(countUpTo, cancellationToken);

        public IOutboxSession GetSession(IServiceProvider scope) => store.GetSession(scope);

        public IEnumerable<string> Validate() => store.Validate();

        public Task<LeaseTable> ReadAsync(CancellationToken cancellationToken) => store.Leases.ReadAsync(cancellationToken);

        public async Task<IReadOnlyCollection<string>> TakeAsync(string owner, IReadOnlyCollection<string> names, TimeSpan duration, CancellationToken cancellationToken)
        {
            await gates.BeforeTake(names);
            return await store.Leases.TakeAsync(owner, names, duration, cancellationToken);
        }

        public Task ReleaseAsync(string owner, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
            => store.Leases.ReleaseAsync(owner, names, cancellationToken);

        public Task ForgetAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) => store.Leases.ForgetAsync(names, cancellationToken);

        public async Task<IReadOnlyList<OutboxRecord>> ReadAsync(OutboxQuery query, CancellationToken cancellationToken)
        {
            var records = await store.Outbox.ReadAsync(query, cancellationToken);
            await gates.AfterRead(records.Count, cancellationToken);
            return records;
        }

        public Task DeleteAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken) => store.Outbox.DeleteAsync(ids, cancellationToken);

        public Task<IReadOnlyList<string>> ReadDestinationsAsync(CancellationToken cancellationToken) => store.Outbox.ReadDestinationsAsync(cancellationToken);

        public Task AppendAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken) => store.Outbox.AppendAsync(messages, cancellationToken);
    }

    private sealed class GatedParking(IParkingStore parking, Gates gates) : IParkingStore
    {
        public async Task<ParkingOutcome> ParkAsync(ParkedMessage message, TimeSpan delay, int maxPerKey, CancellationToken cancellationToken)
        {
            var outcome = await parking.ParkAsync(message, delay, maxPerKey, cancellationToken);
            gates.AfterPark();
            return outcome;
        }

        public async Task<bool> PostponeAsync(ParkedMessage taken, ParkedMessage message, TimeSpan delay, CancellationToken cancellationToken)
        {
            var isOurs = await parking.PostponeAsync(taken, message, delay, cancellationToken);
            gates.AfterPark();
            return isOurs;
        }

        public async Task<IReadOnlyList<ParkedMessage>> TakeDueAsync(IReadOnlyCollection<string> endpoints, int count, TimeSpan lease, CancellationToken cancellationToken)
        {
            var taken = await parking.TakeDueAsync(endpoints, count, lease, cancellationToken);
            await gates.AfterTakeDue(taken.Count);
            return taken;
        }

        public Task<ParkedMessage?> FindAsync(string endpoint, Guid messageId, CancellationToken cancellationToken) => parking.FindAsync(endpoint, messageId, cancellationToken);

        public Task<IReadOnlyList<(string Endpoint, long Count)>> CountLeftAsync(IReadOnlyCollection<string> except, TimeSpan overdue, CancellationToken cancellationToken)
            => parking.CountLeftAsync(except, overdue, cancellationToken);

        public Task ReleaseAsync(IReadOnlyCollection<ParkedMessage> messages, CancellationToken cancellationToken) => parking.ReleaseAsync(messages, cancellationToken);
    }

    private sealed class GatedDeadLetters(IDeadLetterStore letters, Gates gates) : IDeadLetterStore
    {
        public async Task<DeadLetterReceipt> AddAsync(DeadLetterEntry entry, CancellationToken cancellationToken)
        {
            var receipt = await letters.AddAsync(entry, cancellationToken);
            gates.AfterBury();
            return receipt;
        }

        public Task<IReadOnlyList<DeadLetter>> ReadAsync(DeadLetterQuery query, int count, CancellationToken cancellationToken) => letters.ReadAsync(query, count, cancellationToken);

        public Task<long> ReadLastIdAsync(CancellationToken cancellationToken) => letters.ReadLastIdAsync(cancellationToken);

        public async Task<int> ReplayAsync(DeadLetterQuery query, int count, CancellationToken cancellationToken)
        {
            var replayed = await letters.ReplayAsync(query, count, cancellationToken);
            await gates.AfterReplay();
            return replayed;
        }

        public Task<IReadOnlyList<(string Endpoint, Guid MessageId)>> DiscardAsync(DeadLetterQuery query, int count, CancellationToken cancellationToken)
            => letters.DiscardAsync(query, count, cancellationToken);
    }
}
