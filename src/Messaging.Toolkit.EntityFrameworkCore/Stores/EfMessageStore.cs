using System.Collections.Concurrent;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Writing;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Scheduling;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>What the contexts of one type share: everything but the type itself, which only <see cref="EfMessageStore{TContext}"/> knows.</summary>
internal abstract class EfMessageStore(
    OutgoingMessages outgoing, MessageIds ids, TimeProvider time, Dispatcher dispatcher, MessagingMetrics metrics, ILogger logger)
{
    private readonly ILogger logger = new SafeLogger(logger);
    private readonly ConcurrentDictionary<IEntityType, bool> plainInserts = new();
    private SqlDialect? dialect;

    public event Action? MessagesCommitted;

    public event Action<TimeSpan>? Scheduled;

    public OutgoingMessages Outgoing => outgoing;

    /// <summary>Who is told what a read of the outbox has seen of the schedule; null for nobody.</summary>
    public IScheduleWatcher? ScheduleWatcher { get; set; }

    /// <summary>The statements, once a context has been seen. Tests put others in their place.</summary>
    public SqlDialect? KnownDialect
    {
        get => dialect;
        set => dialect = value;
    }

    /// <summary>Found when the first context is at hand. Two threads may both find it, and have the first one's: it has a state.</summary>
    public SqlDialect Dialect(DbContext context) => dialect ?? Interlocked.CompareExchange(ref dialect, SqlDialect.For(context, time), null) ?? dialect;

    /// <summary>
    /// Whether a new entity of the type is one INSERT that inserts its row or fails: no procedure, no trigger that the model knows of, and no row that is there already, as
    /// part of which EF would update it.
    /// </summary>
    public bool IsPlainInsert(IEntityType type) => plainInserts.GetOrAdd(type, static type =>
        type.GetInsertStoredProcedure() is null && !type.GetDeclaredTriggers().Any()
        && !type.GetForeignKeys().Any(key => !key.IsOwnership && !key.IsBaseLinking() && key.PrincipalEntityType.GetTableName() == type.GetTableName()
                                             && key.PrincipalEntityType.GetSchema() == type.GetSchema() && key.Properties.SequenceEqual(type.FindPrimaryKey()?.Properties ?? [])));

    /// <summary>The queue of those who write, for databases with one writer.</summary>
    public OneWriter Writer { get; } = new(time, dispatcher);

    public TimeProvider Time => time;

    public Guid NewToken() => ids.New();

    public void OnMessagesCommitted() => MessagesCommitted?.Invoke();

    /// <summary>The transaction of a unit of work that was given up, or its scope, could not be ended at once or without a fault.</summary>
    public void OnKept(Exception exception) => logger.UnitOfWorkKept(exception);

    /// <summary>As <see cref="OnMessagesCommitted"/>, and scheduled ones may be among them.</summary>
    /// <param name="dueIn">When the first of those falls due, as far as that is known here: the database's clock may differ. Null if there are none.</param>
    public void OnCommitted(TimeSpan? dueIn)
    {
        OnMessagesCommitted();
        if (dueIn is { } due)
        {
            Scheduled?.Invoke(due);
        }
    }

    /// <summary>How long it takes until the first of some messages falls due; null if none is scheduled.</summary>
    public TimeSpan? FirstDueIn(List<PendingChange> changes)
    {
        TimeSpan? first = null;
        foreach (var (message, _, _) in changes)
        {
            first = Earlier(first, message?.Schedule?.DueIn(time.GetUtcNow()));
        }

        return first;
    }

    public static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;

    public void OnUnsaved(IReadOnlyList<PendingChange> changes)
    {
        metrics.Unsaved(changes.Count);
        logger.MessagesUnsaved(changes.Count, string.Join(", ", changes.Select(change => change.Name).Distinct()));
    }
}
