using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.EntityFrameworkCore.Writing;

/// <summary>When the command of a save may write messages, too: if it is one that needs no transaction, and inserts its rows or fails.</summary>
internal static class AppendRules
{
    /// <summary>One entity may be several, with what it owns.</summary>
    private const int MostAdded = 4;

    /// <summary>Whether a save of what is tracked is such a command, and all that waits can be written by it.</summary>
    public static bool MayAppend(DbContext context, EfMessageStore store, List<PendingChange> pending)
    {
        var dialect = store.Dialect(context);
        return pending.Count <= dialect.MaxAppended
               && pending.TrueForAll(change => IsAppendable(change, dialect))
               && OnlyInserts(context, store)
               && !context.GetService<ILoggingOptions>().IsSensitiveDataLoggingEnabled // It would log the bodies.
               && !context.Database.CreateExecutionStrategy().RetriesOnFailure;
    }

    public static bool IsAppendable(PendingChange change, SqlDialect dialect)
        => change.Message is { Schedule: null } message && !(dialect.Journal.IsOpen && message.Entry is not null);

    /// <summary>Whether there are new entities that no save has accepted.</summary>
    public static bool IsAnyAdded(DbContext context) => Any(context, entry => entry.State == EntityState.Added);

    /// <summary>Whether nothing but a few new entities is tracked: many are more than one command anyway.</summary>
    private static bool OnlyInserts(DbContext context, EfMessageStore store)
    {
        var count = 0;
        return !Any(context, entry => entry.State != EntityState.Added || !store.IsPlainInsert(entry.Metadata) || ++count > MostAdded) && count > 0;
    }

    private static bool Any(DbContext context, Func<EntityEntry, bool> condition)
    {
        var tracker = context.ChangeTracker;
        var detects = tracker.AutoDetectChangesEnabled;
        tracker.AutoDetectChangesEnabled = false; // EF does that itself, when it is time.
        try
        {
            return tracker.Entries().Any(condition);
        }
        finally
        {
            tracker.AutoDetectChangesEnabled = detects;
        }
    }
}
