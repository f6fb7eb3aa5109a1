using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Writing;

/// <summary>What waits in a unit of work, in its order: a message, or that the schedules of a name are cancelled.</summary>
/// <param name="Message">The message, or null.</param>
/// <param name="Cancelled">The name, or null.</param>
internal readonly record struct PendingChange(OutgoingMessage? Message, string? Cancelled)
{
    /// <summary>Names of one DELETE, each a parameter.</summary>
    private const int MaxNames = 1000;

    /// <summary>What it is called where it is reported as lost.</summary>
    public string Name => Message?.Envelope.Type ?? "a cancellation";

    /// <summary>
    /// The commands that write changes, in their order. A cancellation takes what is stored, and what was scheduled before it here is not even written; so what is
    /// left of the schedules comes after all cancellations. The outbox is last, as its ids must be drawn when all locks are held.
    /// </summary>
    public static IEnumerable<DbCommand> ToCommands(IReadOnlyList<PendingChange> changes, SqlDialect sql, DbContext context, DbTransaction? transaction)
    {
        var messages = new List<OutgoingMessage>(changes.Count);
        List<OutgoingMessage>? scheduled = null;
        SortedSet<string>? cancelled = null;
        foreach (var (message, name) in changes)
        {
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

        if (scheduled is null && cancelled is null)
        {
            return sql.InsertMessages(context, transaction, messages);
        }

        var cancellations = (cancelled ?? []).Chunk(MaxNames).Select(names => sql.Schedule.Cancel(context, transaction, names));
        return cancellations.Concat(sql.Schedule.Insert(context, transaction, scheduled ?? [])).Concat(sql.InsertMessages(context, transaction, messages));
    }
}
