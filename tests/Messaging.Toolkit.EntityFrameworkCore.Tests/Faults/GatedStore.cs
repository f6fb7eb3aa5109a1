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

        public IParkingStore Parking => store.Parking;

        public IDeadLetterStore DeadLetters => store.DeadLetters;

        public IScheduleStore Schedule => store.Schedule;

        public ISagaStore Sagas => store.Sagas;

        public ISagaCatalogue SagaCatalogue => store.SagaCatalogue;

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
}
