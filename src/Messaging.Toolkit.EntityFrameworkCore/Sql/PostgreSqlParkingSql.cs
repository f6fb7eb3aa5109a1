using System.Data.Common;
using Messaging.Toolkit.Parking;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>PostgreSQL: what others have locked is left out, and everything is one round trip.</summary>
internal sealed class PostgreSqlParkingSql(SqlDialect dialect, TableNames names) : ParkingSql(dialect, names)
{
    /// <summary>
    /// Longer than most handlers take, so that their end is waited for here; and so short that the worker is soon free for other keys where
    /// they take long.
    /// </summary>
    private const int HeadTimeoutMilliseconds = 100;

    public override async Task<List<ParkedMessage>> TakeDueAsync(
        DbContext context, DbTransaction transaction, IReadOnlyCollection<string> endpoints, int count, DateTime until, CancellationToken cancellationToken)
    {
        await using var command = context.CreateCommand(transaction, "").With("@until", until);
        command.CommandText =
            $"""
             WITH due AS (
               SELECT p.{Parked.Id} AS id FROM {Parked.Table} AS p WHERE {IsDue(command, endpoints)}
               ORDER BY p.{Parked.DueAt} {Dialect.Limit(count)} FOR UPDATE OF p SKIP LOCKED)
             UPDATE {Parked.Table} AS t SET {Parked.DueAt} = @until FROM due WHERE t.{Parked.Id} = due.id
             RETURNING {string.Join(", ", Columns.Select(column => "t." + column))}
             """;
        return [.. (await ReadAsync(command, cancellationToken)).OrderBy(message => message.Id)];
    }

    /// <summary>The clock is asked once, by a query of its own: compared with a function that is different at each call, the column would not be looked up in its index.</summary>
    protected override string IsDue(DbCommand command, IReadOnlyCollection<string> endpoints)
        => $"p.{Parked.DueAt} <= (SELECT {Dialect.Now}) AND {IsHead} AND {Dialect.AnyOf(command, "p." + Parked.Endpoint, "@endpoints", endpoints)}";

    protected override string LimitWaitForHead(string statements) => PostgreSqlDialect.LimitWait(statements, HeadTimeoutMilliseconds);

    protected override string LimitWait(string statements) => PostgreSqlDialect.LimitWait(statements);
}
