using System.Data.Common;
using Messaging.Toolkit.Sagas.Storage;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>PostgreSQL: rows are locked, those that others have locked are left out, and everything is one round trip.</summary>
internal sealed class PostgreSqlSagaSql(SqlDialect dialect, TableNames names) : SagaSql(dialect, names)
{
    protected override bool JoinsHistory => true;

    public override async Task<SagaReading> ReadAsync(DbContext context, Guid id, CancellationToken cancellationToken)
    {
        await using var command = Read(context, id);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var record = await reader.ReadAsync(cancellationToken) ? reader.ReadSaga() : null;
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new SagaReading(record, reader.GetUtc(0));
    }

    public override DbCommand Read(DbContext context, Guid id)
    {
        var command = base.Read(context, id);
        command.CommandText = LimitWait($"{command.CommandText} FOR UPDATE; SELECT {Dialect.Now}");
        return command;
    }

    public override async Task<List<DueSaga>> TakeDueAsync(
        DbContext context, DbTransaction transaction, IReadOnlyCollection<string> definitions, int count, DateTime again, CancellationToken cancellationToken)
    {
        await using var command = context.CreateCommand(transaction, "").With("@again", again);
        command.CommandText =
            $"""
             WITH due AS (
               SELECT {Saga.Id} AS id, {Saga.DueAt} AS due_at FROM {Saga.Table} WHERE {IsDue(command, definitions)}
               ORDER BY {Saga.DueAt} {Dialect.Limit(count)} FOR UPDATE SKIP LOCKED)
             UPDATE {Saga.Table} AS s SET {Saga.DueAt} = @again FROM due WHERE s.{Saga.Id} = due.id
             RETURNING s.{Saga.Id}, s.{Saga.Definition}, due.due_at, s.{Saga.Revision}
             """;
        return [.. (await ReadDueAsync(command, cancellationToken)).Select(due => due.Saga).OrderBy(saga => saga.DueAt)];
    }

    /// <summary>The clock is asked once, by a query of its own: compared with a function that is different at each call, the column would not be looked up in its index.</summary>
    protected override string IsDue(DbCommand command, IReadOnlyCollection<string> definitions)
        => $"{Saga.DueAt} <= (SELECT {Dialect.Now}) AND {Dialect.AnyOf(command, Saga.Definition, "@definitions", definitions)}";

    protected override string Join(string write, string insertHistory) => $"{write}; {insertHistory} ON CONFLICT DO NOTHING";

    protected override string LimitWait(string statements) => PostgreSqlDialect.LimitWait(statements);
}
