using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Writing;

/// <summary>What waits in a unit of work, in its order: a message, that the schedules of a name are cancelled, or an entry of the journal.</summary>
/// <param name="Message">The message, or null.</param>
/// <param name="Cancelled">The name, or null.</param>
/// <param name="Entry">The entry, or null.</param>
internal readonly record struct PendingChange(OutgoingMessage? Message, string? Cancelled, JournalEntry? Entry = null)
{
    /// <summary>Names of one DELETE, each a parameter.</summary>
    private const int MaxNames = 1000;

    /// <summary>What it is called where it is reported as lost.</summary>
    public string Name => Message?.Envelope.Type ?? (Entry is null ? "a cancellation" : "an entry of the journal");

    /// <summary>
    /// The commands that write changes, in their order. A cancellation takes what is stored, and what was scheduled before it here is not even written; so what is
    /// left of the schedules comes after all cancellations. The journal is before the outbox, which is last, as its ids must be drawn when all locks are held.
    /// </summary>
    public static IEnumerable<DbCommand> ToCommands(IReadOnlyList<PendingChange> changes, SqlDialect sql, DbContext context, DbTransaction? transaction)
    {
        var messages = new List<OutgoingMessage>(changes.Count);
        List<OutgoingMessage>? scheduled = null;
        SortedSet<string>? cancelled = null;
        foreach (var (message, name, entry) in changes)
        {
            if (entry is not null)
            {
                continue;
            }

            if (name is not null)
            {
                (cancelled ??= new(StringComparer.Ordinal)).Add(name);
                scheduled?.RemoveAll(waiting => waiting.Schedule!.Id == name);
            }
            else
            {
                (message!.Schedule is null ? messages : scheduled ??= []).Add(message);
            }
        }

        var toOutbox = sql.InsertUnrecorded(context, transaction, messages);
        if (sql.Journal.IsOpen)
        {
            toOutbox = sql.Journal.Insert(context, transaction, changes.Select(change => change.Entry ?? change.Message?.Entry)).Concat(toOutbox);
        }

        if (scheduled is null && cancelled is null)
        {
            return toOutbox;
        }

        var cancellations = (cancelled ?? []).Chunk(MaxNames).Select(names => sql.Schedule.Cancel(context, transaction, names));
        return cancellations.Concat(sql.Schedule.Insert(context, transaction, scheduled ?? [])).Concat(toOutbox);
    }
}
