using System.Collections.Concurrent;
using System.Data.Common;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Storage;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>
/// The statements that run instances, in standard SQL: nothing is locked, and the revision alone tells who came second.
/// Databases that can lock a row, or take several statements at once, override what they need.
/// </summary>
internal class SagaSql(SqlDialect dialect, TableNames names)
{
    /// <summary>Rows of history in one INSERT: with the columns of the instance, below the smallest limit of parameters there is (2,100, on SQL Server).</summary>
    private const int MaxRowsPerInsert = 100;

    private static readonly string[] HistoryParameters = [.. Enumerable.Range(0, MaxRowsPerInsert * SagaColumns.OfHistory).Select(index => $"@h{index}")];

    private readonly ConcurrentDictionary<(bool IsNew, int Rows), string> writes = new();

    protected SqlDialect Dialect { get; } = dialect;

    protected TableNames.SagaNames Saga { get; } = names.Saga;

    protected TableNames.SagaHistoryNames History { get; } = names.SagaHistory;

    /// <summary>What a SELECT puts after the table to lock what it reads until the transaction ends.</summary>
    protected virtual string LockHint => "";

    /// <summary>Whether the rows of history may follow the instance in the same command, by <see cref="Join"/>.</summary>
    protected virtual bool JoinsHistory => false;

    /// <summary>Reads an instance and the clock: the clock last, so that it is not before the change that a lock was waited for.</summary>
    public virtual async Task<SagaReading> ReadAsync(DbContext context, Guid id, CancellationToken cancellationToken)
    {
        SagaRecord? record;
        await using (var command = Read(context, id))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            record = await reader.ReadAsync(cancellationToken) ? reader.ReadSaga() : null;
        }

        return new SagaReading(record, await Dialect.ReadNowAsync(context, cancellationToken));
    }

    public virtual DbCommand Read(DbContext context, Guid id)
        => context.CreateCommand($"SELECT {string.Join(", ", SagaColumns.Of(Saga))} FROM {Saga.Table}{LockHint} WHERE {Saga.Id} = @id").With("@id", id);

    /// <summary>
    /// The statements that write an instance and its history, to be run one after the other, each with the number of rows that it
    /// affects unless somebody else was first. Usually it is one.
    /// </summary>
    public IEnumerable<(DbCommand Command, int Rows)> Write(DbContext context, SagaRecord record, IReadOnlyList<SagaHistoryEntry> history)
    {
        var joined = JoinsHistory ? Math.Min(history.Count, MaxRowsPerInsert) : 0;
        var write = context.CreateCommand(writes.GetOrAdd((record.Revision == 1, joined), WriteSql)).With(record);
        yield return (WithHistory(write, history, 0, joined), 1 + joined);

        for (var start = joined; start < history.Count; start += MaxRowsPerInsert)
        {
            var rows = Math.Min(history.Count - start, MaxRowsPerInsert);
            yield return (WithHistory(context.CreateCommand(InsertHistory(rows)).With("@id", record.Id), history, start, rows), rows);
        }
    }

    /// <summary>Marks an instance; affects no row if there is none that is unfinished and unmarked.</summary>
    public DbCommand MarkStuck(DbContext context, DbTransaction? transaction, Guid id, string reason, bool stopsTimeouts)
        => Dialect.WithNow(context.CreateCommand(transaction, LimitWait(
                $"UPDATE {Saga.Table} SET {Saga.Status} = '{SagaStatus.Stuck}', {Saga.Reason} = @reason, {Saga.Failure} = '{SagaFailureKind.Broken}', {Saga.Revision} = {Saga.Revision} + 1, {Saga.HistoryLength} = {Saga.HistoryLength} + 1, {Saga.ChangedAt} = {Dialect.Now}{(stopsTimeouts ? $", {Saga.DueAt} = NULL" : "")} " +
                $"WHERE {Saga.Id} = @id AND {Saga.Status} IN ('{SagaStatus.Running}', '{SagaStatus.Compensating}')"))
            .With("@id", id).With("@reason", StorableText.Reason(reason)));

    /// <summary>Adds to the history that an instance was marked. The mark holds its row, so nobody else numbers meanwhile.</summary>
    public DbCommand AddStuck(DbContext context, DbTransaction? transaction, Guid id, string reason, Guid? messageId)
        => Dialect.WithNow(context.CreateCommand(transaction,
                $"INSERT INTO {History.Table} ({string.Join(", ", SagaColumns.Of(History))}) " +
                $"SELECT {Saga.Id}, {Saga.HistoryLength}, {Dialect.Now}, '{SagaEvent.Stuck}', NULL, @message, @detail, '{SagaFailureKind.Broken}' FROM {Saga.Table} WHERE {Saga.Id} = @id")
            .With("@id", id).With("@message", messageId).With("@detail", StorableText.Reason(reason)));

    /// <summary>The first instances whose timeout has fallen due. Finished ones may have one too: that of something still to be undone.</summary>
    public DbCommand ReadDue(DbContext context, DbTransaction? transaction, IReadOnlyCollection<string> definitions, int count)
    {
        var command = context.CreateCommand(transaction, "");
        command.CommandText = $"SELECT {DueColumns} FROM {Saga.Table} WHERE {IsDue(command, definitions)} ORDER BY {Saga.DueAt} {Dialect.Limit(count)}";
        return Dialect.WithNow(command);
    }

    public static async Task<List<DueReading>> ReadDueAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var due = new List<DueReading>();
        while (await reader.ReadAsync(cancellationToken))
        {
            due.Add(new(new DueSaga(reader.GetGuid(0), reader.GetString(1), reader.GetUtc(2)), reader.GetInt32(3)));
        }

        return due;
    }

    /// <summary>Takes timeouts that have fallen due and that nobody else takes, by moving them; the first ones due first.</summary>
    public virtual async Task<List<DueSaga>> TakeDueAsync(
        DbContext context, DbTransaction transaction, IReadOnlyCollection<string> definitions, int count, DateTime again, CancellationToken cancellationToken)
    {
        await using var read = ReadDue(context, transaction, definitions, count);
        var taken = new List<DueSaga>();
        foreach (var due in await ReadDueAsync(read, cancellationToken))
        {
            await using var move = MoveDue(context, transaction, due, again);
            if (await move.ExecuteNonQueryAsync(cancellationToken) == 1)
            {
                taken.Add(due.Saga);
            }
        }

        return taken;
    }

    /// <summary>
    /// Affects no row if the instance has changed, which its revision tells, or if its timeout was taken, after which it is not due.
    /// (Its time would tell both, but not every client sends a time as precisely as it has read it.)
    /// </summary>
    public DbCommand MoveDue(DbContext context, DbTransaction? transaction, DueReading due, DateTime again)
        => Dialect.WithNow(context.CreateCommand(transaction,
                $"UPDATE {Saga.Table} SET {Saga.DueAt} = @again WHERE {Saga.Id} = @id AND {Saga.Revision} = @revision AND {Saga.DueAt} <= {Dialect.Now}")
            .With("@id", due.Saga.Id).With("@revision", due.Revision).With("@again", again));

    protected string DueColumns => $"{Saga.Id}, {Saga.Definition}, {Saga.DueAt}, {Saga.Revision}";

    /// <summary>The condition by which <see cref="ReadDue"/> finds instances, and its parameters but the clock.</summary>
    protected virtual string IsDue(DbCommand command, IReadOnlyCollection<string> definitions)
        => $"{Saga.DueAt} <= {Dialect.Now} AND {Dialect.AnyOf(command, Saga.Definition, "@definition", definitions)}";

    /// <summary>One command of two statements, the second of which must not fail if the first one has affected no row.</summary>
    protected virtual string Join(string write, string insertHistory) => throw new NotSupportedException();

    /// <summary>Bounds how long statements wait for somebody else's lock: also those that write a row which is locked already, as CREATE INDEX locks a table for who writes and not for who reads.</summary>
    protected virtual string LimitWait(string statements) => statements;

    private string WriteSql((bool IsNew, int Rows) of)
    {
        var columns = SagaColumns.Of(Saga);
        var write = of.IsNew
            ? Dialect.InsertIfAbsent(Saga.Table, columns, SagaColumns.Parameters, keys: 1)
            : $"UPDATE {Saga.Table} SET {string.Join(", ", columns.Zip(SagaColumns.Parameters, (column, parameter) => $"{column} = {parameter}").Skip(1))} " +
              $"WHERE {Saga.Id} = @id AND {Saga.Revision} = @revision - 1";
        return LimitWait(of.Rows == 0 ? write : Join(write, InsertHistory(of.Rows)));
    }

    private string InsertHistory(int rows)
        => $"INSERT INTO {History.Table} ({string.Join(", ", SagaColumns.Of(History))}) VALUES " +
           string.Join(", ", HistoryParameters.Take(rows * SagaColumns.OfHistory).Chunk(SagaColumns.OfHistory).Select(row => $"(@id, {string.Join(", ", row)})"));

    private static DbCommand WithHistory(DbCommand command, IReadOnlyList<SagaHistoryEntry> history, int start, int rows)
    {
        for (var row = 0; row < rows; row++)
        {
            command.With(history[start + row], HistoryParameters.AsSpan(row * SagaColumns.OfHistory, SagaColumns.OfHistory));
        }

        return command;
    }

    /// <summary>A timeout that has fallen due, and the revision of its instance.</summary>
    internal sealed record DueReading(DueSaga Saga, int Revision);
}
