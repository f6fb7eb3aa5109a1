using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Writing;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Streams;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>The store in the database of one type of DbContext.</summary>
internal sealed class EfMessageStore<TContext> : EfMessageStore, IMessageStore where TContext : DbContext
{
    private readonly IServiceScopeFactory scopes;

    public EfMessageStore(
        OutgoingMessages outgoing, IServiceScopeFactory scopes, MessageIds ids, TimeProvider time, Dispatcher dispatcher, MessagingMetrics metrics,
        ILogger<EfMessageStore<TContext>> logger)
        : base(outgoing, ids, time, dispatcher, metrics, logger)
    {
        this.scopes = scopes;
        var database = new EfDatabase<TContext>(this, scopes);
        Outbox = new EfOutboxStore<TContext>(database);
        Leases = new EfLeaseStore<TContext>(database);
        Inbox = new EfInbox<TContext>(database, scopes);
        Parking = new EfParkingStore<TContext>(database);
        DeadLetters = new EfDeadLetterStore<TContext>(database);
        Streams = new EfStreamStore<TContext>(database);
        Schedule = new EfScheduleStore<TContext>(database);
        Sagas = new EfSagaStore<TContext>(database);
        SagaCatalogue = new EfSagaCatalogue<TContext>(database);
    }

    public string Name => typeof(TContext).Name;

    public IOutboxStore Outbox { get; }

    public ILeaseStore Leases { get; }

    public IInbox Inbox { get; }

    public IParkingStore Parking { get; }

    public IDeadLetterStore DeadLetters { get; }

    public IStreamStore Streams { get; }

    public IScheduleStore Schedule { get; }

    public ISagaStore Sagas { get; }

    public ISagaCatalogue SagaCatalogue { get; }

    public IOutboxSession GetSession(IServiceProvider scope) => scope.GetRequiredService<TContext>().GetService<OutboxSession>();

    public IEnumerable<string> Validate()
    {
        using var scope = scopes.CreateScope();
        var context = scope.ServiceProvider.GetService<TContext>();
        if (context is null)
        {
            return [$"{Name} is not registered: add services.AddDbContext<{Name}>(...)."];
        }

        if (!ReferenceEquals(context, scope.ServiceProvider.GetService<TContext>()))
        {
            return [$"{Name} is registered as transient, so a handler and its messages would be in different units of work: register it as scoped, which is what AddDbContext does by itself."];
        }

        if (!context.Database.IsRelational())
        {
            return [$"{Name} uses {context.Database.ProviderName}, which is not a relational database: use SQLite for tests."];
        }

        // EF finishes its model when it is first used, and fails some of those who are the first at the same moment: workers are.
        context.Model.GetRelationalModel();

        return context.Model.FindEntityType(typeof(OutboxRow)) is null
            ? [$"{Name} has no messaging tables: add modelBuilder.AddMessaging(); to its OnModelCreating, and a migration."]
            : [];
    }
}
