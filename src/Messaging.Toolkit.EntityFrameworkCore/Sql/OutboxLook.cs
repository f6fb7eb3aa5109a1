using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>What was seen of those who write to the outbox: first how far ids are drawn, then who has its table locked. In this order, or somebody may draw and be missed.</summary>
/// <param name="Sequence">The oid of the sequence of ids.</param>
/// <param name="Mark">Which server that was, and which life of the sequence.</param>
/// <param name="Drawn">The last id that was drawn; null if none is, or the user may not know.</param>
/// <param name="Writers">The transactions that had the table locked as those do that write.</param>
/// <param name="HasPrepared">Whether one of them was a prepared one. It has another name than it had before, so nobody knows which it was.</param>
internal sealed record OutboxLook(long Sequence, string Mark, long? Drawn, IReadOnlySet<string> Writers, bool HasPrepared)
{
    /// <summary>
    /// What is different on another server, after a restart of the whole of it, and when ids were set back by <c>ALTER SEQUENCE</c> or <c>TRUNCATE</c>: a replica that took over, or a database
    /// that was restored, may draw ids again, and behind a pooler nobody hears of it.
    /// </summary>
    public static string MarkOf(string sequence) => $"concat(extract(epoch FROM pg_postmaster_start_time()), '/', pg_relation_filenode({sequence}))";

    /// <summary>
    /// Looks, by two statements of one command, which are executed one after the other. Returns null where looking says nothing: there is no sequence that belongs to the column; sessions keep ids in
    /// stock, to use them without a lock; the table has others below it, which are locked in its place; or the server does not even show that this session is there.
    /// </summary>
    public static async Task<OutboxLook?> ReadAsync(DbContext context, TableNames.OutboxNames outbox, CancellationToken cancellationToken)
    {
        await using var command = context.CreateCommand(
            $"""
             SELECT s.seqrelid::bigint, {MarkOf("s.seqrelid")}, CASE WHEN NOT pg_is_in_recovery() THEN pg_sequence_last_value(s.seqrelid) END
             FROM pg_sequence AS s JOIN pg_class AS c ON c.oid = @table::regclass AND c.relkind = 'r' AND NOT c.relhassubclass
             WHERE s.seqrelid = (SELECT pg_get_serial_sequence(@table, @column)::regclass) AND s.seqcache = 1 AND s.seqincrement > 0 AND NOT s.seqcycle;
             SELECT virtualtransaction, pid IS NULL, locktype = 'relation' FROM pg_locks
             WHERE granted AND (locktype = 'virtualxid' AND pid = pg_backend_pid() OR locktype = 'relation' AND mode = 'RowExclusiveLock'
               AND relation = @table::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
             """)
            .With("@table", outbox.Table).With("@column", Unquote(outbox.Id));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        var look = new OutboxLook(reader.GetInt64(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetInt64(2), new HashSet<string>(), false);
        await reader.NextResultAsync(cancellationToken);
        return await look.WithWritersAsync(reader, cancellationToken);
    }

    /// <summary>Whether the later one saw the same server and sequence, and that went on.</summary>
    public bool IsFollowedBy(OutboxLook later) => Mark == later.Mark && Sequence == later.Sequence && !(later.Drawn < Drawn);

    /// <summary>Whether all who could then have an id without its row being seen have ended since. By the look itself: whether there was nobody.</summary>
    public bool HasEndedBy(OutboxLook later) => !later.HasPrepared && !Writers.Overlaps(later.Writers);

    private async Task<OutboxLook?> WithWritersAsync(DbDataReader locks, CancellationToken cancellationToken)
    {
        var writers = new HashSet<string>(StringComparer.Ordinal);
        var (hasPrepared, sawItself) = (false, false);
        while (await locks.ReadAsync(cancellationToken))
        {
            var isWriter = locks.GetBoolean(2);
            sawItself |= !isWriter;
            hasPrepared |= isWriter && locks.GetBoolean(1);
            if (isWriter)
            {
                writers.Add(locks.GetString(0));
            }
        }

        return sawItself ? this with { Writers = writers, HasPrepared = hasPrepared } : null;
    }

    /// <summary>Functions take a column's name as it is, where they take a table's as it stands in statements.</summary>
    private static string Unquote(string name) => name.StartsWith('"') ? name[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : name;
}
