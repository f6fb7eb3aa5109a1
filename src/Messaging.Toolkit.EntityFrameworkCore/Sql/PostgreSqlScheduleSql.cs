using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>PostgreSQL: what is due is moved by one statement, past those that are being cancelled at that moment.</summary>
internal sealed class PostgreSqlScheduleSql(SqlDialect dialect, TableNames names) : ScheduleSql(dialect, names)
{
    public override async Task<int> MoveDueAsync(DbContext context, int count, CancellationToken cancellationToken)
    {
        await using var command = MoveDue(context, count);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Rows that somebody has locked are left out. That somebody is not another process that moves some, or what this one takes behind
    /// them might be committed first: the lock of the statement keeps two from moving at once. It ends with the statement, whatever becomes of the
    /// process, and poolers do not mind it. The clock is asked once, by a query of its own: compared with a function that is different at each
    /// call, the column would not be looked up in its index.
    /// </summary>
    public DbCommand MoveDue(DbContext context, int count)
        => context.CreateCommand(
            $"""
             WITH due AS (
               SELECT {Schedule.Id} AS id FROM {Schedule.Table} WHERE {Schedule.DueAt} <= (SELECT {Dialect.Now}) AND (SELECT pg_try_advisory_xact_lock(hashtextextended(@table, 0)))
               ORDER BY {Schedule.DueAt}, {Schedule.Id} {Dialect.Limit(count)} FOR UPDATE SKIP LOCKED),
             moved AS (DELETE FROM {Schedule.Table} AS s USING due WHERE s.{Schedule.Id} = due.id RETURNING s.*)
             INSERT INTO {Outbox.Table} ({OutboxColumns}, {Outbox.CreatedAt}) SELECT {MovedColumns}, {Dialect.Now} FROM moved ORDER BY {Schedule.DueAt}, {Schedule.Id}
             """)
            .With("@table", Schedule.Table);

    public override string NowPlus(DbCommand command, string name, TimeSpan delay)
    {
        command.With(name, delay);
        return $"{Dialect.Now} + {name}";
    }
}
