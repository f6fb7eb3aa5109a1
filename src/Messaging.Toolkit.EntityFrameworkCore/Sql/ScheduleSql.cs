using System.Data.Common;
using System.Globalization;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Scheduling;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>
/// The statements of scheduled messages, in standard SQL. Databases that can move rows by one statement, or reckon with times in another way,
/// override what they need.
/// </summary>
internal class ScheduleSql(SqlDialect dialect, TableNames names)
{
    /// <summary>Rows of one INSERT: below the smallest limit of parameters there is (2,100, on SQL Server).</summary>
    private const int MaxRowsPerInsert = 200;

    protected SqlDialect Dialect { get; } = dialect;

    protected TableNames.ScheduleNames Schedule { get; } = names.Schedule;

    protected TableNames.OutboxNames Outbox { get; } = names.Outbox;

    private TableNames.RecurringNames Recurring { get; } = names.Recurring;

    /// <summary>What a SELECT puts after the table to lock what it reads until the transaction ends.</summary>
    protected virtual string LockHint => "";

    /// <summary>The statements that write messages which are not due yet.</summary>
    public IEnumerable<DbCommand> Insert(DbContext context, DbTransaction? transaction, IReadOnlyList<OutgoingMessage> messages)
    {
        foreach (var rows in messages.Chunk(MaxRowsPerInsert))
        {
            var command = context.CreateCommand(transaction, "");
            command.CommandText =
                $"INSERT INTO {Schedule.Table} ({Schedule.ScheduleId}, {Schedule.DueAt}, {Schedule.MessageId}, {Schedule.Destination}, {Schedule.Bucket}, {Schedule.Key}, {Schedule.Type}, {Schedule.Headers}, {Schedule.Body}, {Schedule.CreatedAt}) " +
                $"VALUES {string.Join(", ", rows.Select((message, row) => Values(command, message, row)))}";
            yield return Dialect.WithNow(command);
        }
    }

    /// <summary>Deletes all that wait under one of the names.</summary>
    public DbCommand Cancel(DbContext context, DbTransaction? transaction, IReadOnlyCollection<string> scheduleIds)
    {
        var command = context.CreateCommand(transaction, "");
        command.CommandText = $"DELETE FROM {Schedule.Table} WHERE {Dialect.AnyOf(command, Schedule.ScheduleId, "@schedule", scheduleIds)}";
        return command;
    }

    /// <summary>The first time at which a message falls due, and the clock.</summary>
    public DbCommand ReadFirst(DbContext context)
        => Dialect.WithNow(context.CreateCommand(First));

    /// <summary>The text of <see cref="ReadFirst"/>.</summary>
    public string First => $"SELECT {Schedule.DueAt}, {Dialect.Now} FROM {Schedule.Table} ORDER BY {Schedule.DueAt}, {Schedule.Id} {Dialect.Limit(1)}";

    /// <summary>How long it takes until the message of the row falls due that <see cref="ReadFirst"/> has read.</summary>
    public static TimeSpan DueIn(DbDataReader first) => first.GetUtc(0) - first.GetUtc(1);

    /// <summary>Moves messages that have fallen due to the outbox.</summary>
    /// <returns>How many. None, if somebody else was at them at the same time.</returns>
    public virtual async Task<int> MoveDueAsync(DbContext context, int count, CancellationToken cancellationToken)
    {
        // ADO.NET's own: EF refuses to begin one with a strategy that retries, which the caller does here.
        await using var transaction = await context.Database.GetDbConnection().BeginTransactionAsync(cancellationToken);
        var ids = await FindDueAsync(context, transaction, count, cancellationToken);
        if (ids.Count == 0)
        {
            return 0;
        }

        await using var copy = CopyToOutbox(context, transaction, ids);
        await using var delete = Delete(context, transaction, ids);
        await copy.ExecuteNonQueryAsync(cancellationToken);
        if (await delete.ExecuteNonQueryAsync(cancellationToken) != ids.Count)
        {
            // One was cancelled, or moved by somebody else, after it was read: the copies are not to be.
            await transaction.RollbackAsync(cancellationToken);
            return 0;
        }

        await transaction.CommitAsync(cancellationToken);
        return ids.Count;
    }

    public DbCommand FindDue(DbContext context, DbTransaction? transaction, int count)
        => Dialect.WithNow(context.CreateCommand(transaction,
            $"SELECT {Schedule.Id} FROM {Schedule.Table}{LockHint} WHERE {Schedule.DueAt} <= {Dialect.Now} ORDER BY {Schedule.DueAt}, {Schedule.Id} {Dialect.Limit(count)}"));

    /// <summary>Ids of the outbox are drawn in the order asked for.</summary>
    public DbCommand CopyToOutbox(DbContext context, DbTransaction? transaction, IReadOnlyCollection<long> ids)
        => Dialect.WithNow(context.CreateCommand(transaction,
            $"INSERT INTO {Outbox.Table} ({OutboxColumns}, {Outbox.CreatedAt}) SELECT {MovedColumns}, {Dialect.Now} FROM {Schedule.Table} " +
            $"WHERE {Schedule.Id} IN ({Literals(ids)}) ORDER BY {Schedule.DueAt}, {Schedule.Id}"));

    public DbCommand Delete(DbContext context, DbTransaction? transaction, IReadOnlyCollection<long> ids)
        => context.CreateCommand(transaction, $"DELETE FROM {Schedule.Table} WHERE {Schedule.Id} IN ({Literals(ids)})");

    public DbCommand ReadRecurring(DbContext context, IReadOnlyCollection<string> recurring)
    {
        var command = context.CreateCommand("");
        command.CommandText = $"SELECT {Recurring.Name}, {Recurring.Expression}, {Recurring.LastTick} FROM {Recurring.Table} WHERE {Dialect.AnyOf(command, Recurring.Name, "@name", recurring)}";
        return command;
    }

    /// <summary>Affects no row if it is there.</summary>
    public DbCommand InsertRecurring(DbContext context, RecurringRecord recurring)
        => With(recurring, context.CreateCommand(Dialect.InsertIfAbsent(
            Recurring.Table, [Recurring.Name, Recurring.Expression, Recurring.LastTick], ["@name", "@expression", "@tick"], keys: 1)))
            .With("@expression", recurring.Expression);

    /// <summary>Affects no row if somebody has changed it, or if it has got beyond the time given: no tick fires twice because the clock was set back.</summary>
    public DbCommand ReplaceRecurring(DbContext context, RecurringRecord recurring, string replaces)
        => With(recurring, context.CreateCommand(
            $"UPDATE {Recurring.Table} SET {Recurring.Expression} = @expression, {Recurring.LastTick} = @tick " +
            $"WHERE {Recurring.Name} = @name AND {Recurring.Expression} = @replaces AND {Recurring.LastTick} < @tick"))
            .With("@expression", recurring.Expression).With("@replaces", replaces);

    /// <summary>Affects no row if the tick was noted before.</summary>
    public DbCommand NoteTick(DbContext context, DbTransaction? transaction, RecurringRecord tick)
        => With(tick, context.CreateCommand(transaction,
            $"UPDATE {Recurring.Table} SET {Recurring.LastTick} = @tick WHERE {Recurring.Name} = @name AND {Recurring.LastTick} < @tick"));

    /// <summary>The clock and a time more, as an expression; adds its parameters to the command.</summary>
    public virtual string NowPlus(DbCommand command, string name, TimeSpan delay)
        => $"{Dialect.Now} + INTERVAL '{delay.TotalSeconds.ToString("0.000000", CultureInfo.InvariantCulture)}' SECOND";

    /// <summary>A parameter with a time.</summary>
    protected static string Time(DbCommand command, string name, DateTime time)
    {
        command.With(name, time);
        return name;
    }

    protected string OutboxColumns => $"{Outbox.MessageId}, {Outbox.Destination}, {Outbox.Bucket}, {Outbox.Key}, {Outbox.Type}, {Outbox.Headers}, {Outbox.Body}";

    protected string MovedColumns => $"{Schedule.MessageId}, {Schedule.Destination}, {Schedule.Bucket}, {Schedule.Key}, {Schedule.Type}, {Schedule.Headers}, {Schedule.Body}";

    private string Values(DbCommand command, OutgoingMessage message, int row)
    {
        var (envelope, destination, bucket) = message;
        var schedule = message.Schedule!;
        var due = schedule.At is { } at ? Time(command, $"@due{row}", RoundUp(at.UtcDateTime)) : NowPlus(command, $"@due{row}", schedule.Delay!.Value);
        command
            .With($"@schedule{row}", schedule.Id).With($"@id{row}", envelope.Id).With($"@destination{row}", destination).With($"@bucket{row}", bucket)
            .With($"@key{row}", envelope.Key).With($"@type{row}", envelope.Type).With($"@headers{row}", EnvelopeHeaders.Write(envelope)).With($"@body{row}", SqlDialect.AsArray(envelope.Body));
        return $"(@schedule{row}, {due}, @id{row}, @destination{row}, @bucket{row}, @key{row}, @type{row}, @headers{row}, @body{row}, {Dialect.Now})";
    }

    private async Task<List<long>> FindDueAsync(DbContext context, DbTransaction transaction, int count, CancellationToken cancellationToken)
    {
        await using var command = FindDue(context, transaction, count);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var ids = new List<long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            ids.Add(reader.GetInt64(0));
        }

        return ids;
    }

    /// <summary>Databases keep microseconds: rounded down, it would be due before its time.</summary>
    private static DateTime RoundUp(DateTime time)
    {
        var rest = time.Ticks % TimeSpan.TicksPerMicrosecond;
        return rest == 0 ? time : time.AddTicks(TimeSpan.TicksPerMicrosecond - rest);
    }

    private static DbCommand With(RecurringRecord recurring, DbCommand command) => command.With("@name", recurring.Name).With("@tick", DbCommands.AsUtc(recurring.LastTick));

    private static string Literals(IEnumerable<long> ids) => string.Join(",", ids.Select(id => id.ToString(CultureInfo.InvariantCulture)));
}
