using System.Data.Common;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Examination;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Writing;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Inspection;
using Messaging.Toolkit.Journal;
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
    private readonly EfDatabase<TContext> database;
    private readonly EfStoreFigures<TContext> figures;

    public EfMessageStore(
        OutgoingMessages outgoing, IServiceScopeFactory scopes, MessageIds ids, TimeProvider time, Dispatcher dispatcher, MessagingMetrics metrics,
        ILogger<EfMessageStore<TContext>> logger)
        : base(outgoing, ids, time, dispatcher, metrics, logger)
    {
        this.scopes = scopes;
        database = new EfDatabase<TContext>(this, scopes);
        Outbox = new EfOutboxStore<TContext>(database);
        Leases = new EfLeaseStore<TContext>(database);
        Inbox = new EfInbox<TContext>(database, scopes);
        Parking = new EfParkingStore<TContext>(database);
        DeadLetters = new EfDeadLetterStore<TContext>(database);
        Streams = new EfStreamStore<TContext>(database);
        Schedule = new EfScheduleStore<TContext>(database);
        Sagas = new EfSagaStore<TContext>(database);
        SagaCatalogue = new EfSagaCatalogue<TContext>(database);
        Journal = new EfJournalStore<TContext>(database);
        figures = new EfStoreFigures<TContext>(database);
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

    public IJournalStore Journal { get; }

    public Task<StoreFigures> ReadFiguresAsync(int countUpTo, CancellationToken cancellationToken) => figures.ReadAsync(countUpTo, cancellationToken);

    public IOutboxSession GetSession(IServiceProvider scope) => scope.GetRequiredService<TContext>().GetService<OutboxSession>();

    public async Task<IReadOnlyList<Finding>> ExamineAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await database.RunAsync((context, sql) => new DatabaseExamination(Name, context, sql, Time, cancellationToken).RunAsync(), cancellationToken);
        }
        catch (Exception exception) when (FailureOf(exception) is not null)
        {
            // A provider's own text may tell of hosts and users.
            var failure = FailureOf(exception)!;
            return [Finding.Error($"store {Name}", $"its database cannot be reached: {failure.GetType().Name}{(failure.SqlState is { } state ? $", {state}" : "")}.", "See whether it runs and lets this application in; messages wait in the meantime.")];
        }
    }

    /// <summary>A strategy that does not retry wraps what might have passed.</summary>
    private static DbException? FailureOf(Exception? exception) => exception is null or DbException ? exception as DbException : FailureOf(exception.InnerException);

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
