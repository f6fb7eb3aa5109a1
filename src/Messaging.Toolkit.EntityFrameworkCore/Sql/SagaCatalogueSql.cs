using System.Data.Common;
using System.Text;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>The statements that look at instances and clear away those that have finished: the same for every database.</summary>
internal sealed class SagaCatalogueSql(SqlDialect dialect, TableNames names)
{
    private const string Finished = $"'{nameof(SagaStatus.Completed)}', '{nameof(SagaStatus.Compensated)}'";

    private readonly TableNames.SagaNames saga = names.Saga;
    private readonly TableNames.SagaHistoryNames history = names.SagaHistory;

    public DbCommand Find(DbContext context, IReadOnlyCollection<Guid> ids)
    {
        var command = context.CreateCommand("");
        command.CommandText = $"{Select} WHERE {dialect.AnyOf(command, saga.Id, "@id", ids)}";
        return command;
    }

    /// <summary>Nothing is read of those that somebody still waits for but the row that tells it.</summary>
    public DbCommand FindEnded(DbContext context, IReadOnlyCollection<Guid> ids)
    {
        var command = Find(context, ids);
        command.CommandText += $" AND {saga.Status} IN ({Finished}, '{SagaStatus.Stuck}')";
        return command;
    }

    public DbCommand Query(DbContext context, SagaQuery query)
    {
        var command = context.CreateCommand("");
        var sql = new StringBuilder(Select);
        Where(saga.Definition, "=", "@definition", query.Definition);
        Where(saga.Status, "=", "@status", query.Status?.ToString());
        Where(saga.Correlation, "=", "@correlation", query.Correlation);
        Where(saga.CreatedAt, ">=", "@from", query.CreatedFrom is { } from ? DbCommands.AsUtc(from) : null);
        Where(saga.CreatedAt, "<", "@before", query.CreatedBefore is { } before ? DbCommands.AsUtc(before) : null);
        if (query.After is { } last)
        {
            sql.Append(command.Parameters.Count == 0 ? " WHERE " : " AND ").Append($"({saga.CreatedAt} < @at OR ({saga.CreatedAt} = @at AND {saga.Id} < @after))");
            command.With("@at", DbCommands.AsUtc(last.CreatedAt)).With("@after", last.Id);
            dialect.BePrecise(command.Parameters["@at"]);
        }

        command.CommandText = sql.Append($" ORDER BY {saga.CreatedAt} DESC, {saga.Id} DESC {dialect.Limit(query.Limit)}").ToString();
        return command;

        void Where(string column, string comparison, string parameter, object? value)
        {
            if (value is not null)
            {
                sql.Append(command.Parameters.Count == 0 ? " WHERE " : " AND ").Append($"{column} {comparison} {parameter}");
                command.With(parameter, value);
            }
        }
    }

    public DbCommand ReadHistory(DbContext context, Guid id, int after, int count)
        => context.CreateCommand(
            $"SELECT {string.Join(", ", SagaColumns.Of(history))} FROM {history.Table} WHERE {history.SagaId} = @id AND {history.Sequence} > @after " +
            $"ORDER BY {history.Sequence} {dialect.Limit(count)}").With("@id", id).With("@after", after);

    public DbCommand ReadStandings(DbContext context)
    {
        var place = $"{saga.Definition}, {saga.Version}, {saga.Shape}, {saga.Status}, {saga.Position}";
        return context.CreateCommand($"SELECT {place}, COUNT(*) FROM {saga.Table} WHERE {IsOpen} GROUP BY {place}");
    }

    public DbCommand ReadProgress(DbContext context, string definition, int version, string shape, Guid? after, int count)
    {
        var command = context.CreateCommand(
            $"SELECT {saga.Id}, {saga.Progress} FROM {saga.Table} WHERE {saga.Definition} = @definition AND {saga.Version} = @version AND {saga.Shape} = @shape AND ({IsOpen})" +
            $"{(after is null ? "" : $" AND {saga.Id} > @after")} ORDER BY {saga.Id} {dialect.Limit(count)}")
            .With("@definition", definition).With("@version", version).With("@shape", shape);
        return after is { } last ? command.With("@after", last) : command;
    }

    /// <summary>The instances that were last changed before a time and to which nothing is going to happen. One with a timeout is not such: it still has something to undo.</summary>
    public DbCommand FindFinished(DbContext context, DateTime before, int count)
        => context.CreateCommand($"SELECT {saga.Id} FROM {saga.Table} WHERE {IsOver} ORDER BY {saga.ChangedAt} {dialect.Limit(count)}").With("@before", before);

    /// <summary>Deletes those of the instances that nobody has changed since they were found.</summary>
    public DbCommand DeleteFinished(DbContext context, DbTransaction? transaction, DateTime before, IReadOnlyCollection<Guid> ids)
    {
        var command = context.CreateCommand(transaction, "").With("@before", before);
        command.CommandText = $"DELETE FROM {saga.Table} WHERE {dialect.AnyOf(command, saga.Id, "@id", ids)} AND {IsOver}";
        return command;
    }

    /// <summary>Deletes the history of those of the instances that there are no more.</summary>
    public DbCommand DeleteHistory(DbContext context, DbTransaction? transaction, IReadOnlyCollection<Guid> ids)
    {
        var command = context.CreateCommand(transaction, "");
        var some = dialect.AnyOf(command, saga.Id, "@id", ids);
        command.CommandText =
            $"DELETE FROM {history.Table} WHERE {dialect.AnyOf(command, history.SagaId, "@of", ids)} AND {history.SagaId} NOT IN (SELECT {saga.Id} FROM {saga.Table} WHERE {some})";
        return command;
    }

    private string Select => $"SELECT {string.Join(", ", SagaColumns.Of(saga))} FROM {saga.Table}";

    /// <summary>Finished ones too may have something to undo still, and then they have a timeout.</summary>
    private string IsOpen => $"{saga.Status} NOT IN ({Finished}) OR {saga.DueAt} IS NOT NULL";

    private string IsOver => $"{saga.ChangedAt} < @before AND ({saga.Status} IN ({Finished}) OR {IsEmpty}) AND {saga.DueAt} IS NULL";

    /// <summary>It has never begun, and what had waited for that waits no more.</summary>
    private string IsEmpty => $"{saga.Status} = '{SagaStatus.Running}' AND {saga.Position} = ''";
}
