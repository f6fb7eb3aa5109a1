using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Scheduling;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfScheduleStore<TContext>(EfDatabase<TContext> database) : IScheduleStore, IWatchedSchedule where TContext : DbContext
{
    public event Action<TimeSpan>? Scheduled
    {
        add => database.Store.Scheduled += value;
        remove => database.Store.Scheduled -= value;
    }

    public IScheduleWatcher? Watcher
    {
        set => database.Store.ScheduleWatcher = value;
    }

    /// <summary>It is asked every second, and nearly always nothing is due: so it looks first, without a transaction and without a turn to write.</summary>
    public async Task<ScheduleRound> MoveDueAsync(int count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var first = await ReadFirstAsync(cancellationToken);
        if (first is null || first > TimeSpan.Zero)
        {
            return new ScheduleRound(0, first);
        }

        var moved = await database.WriteAsync((context, sql) => sql.Schedule.MoveDueAsync(context, count, cancellationToken), cancellationToken);
        if (moved > 0)
        {
            database.Store.OnMessagesCommitted();
        }

        return new ScheduleRound(moved, moved < count ? await ReadFirstAsync(cancellationToken) : null);
    }

    public Task<int> CancelNowAsync(string scheduleId, CancellationToken cancellationToken)
        => database.WriteAsync((context, sql) => ExecuteAsync(sql.Schedule.Cancel(context, null, [scheduleId]), cancellationToken), cancellationToken);

    public Task<RecurringReading> ReadRecurringAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
        => database.RunAsync(async (context, sql) =>
        {
            // The clock last: a tick that is noted is not after it.
            var records = await ReadRecurringAsync(sql.Schedule.ReadRecurring(context, names), cancellationToken);
            return new RecurringReading(records, await sql.ReadNowAsync(context, cancellationToken));
        }, cancellationToken);

    public Task BeginRecurringAsync(RecurringRecord recurring, string? replaces, CancellationToken cancellationToken)
        => database.WriteAsync(
            (context, sql) => ExecuteAsync(
                replaces is null ? sql.Schedule.InsertRecurring(context, recurring) : sql.Schedule.ReplaceRecurring(context, recurring, replaces), cancellationToken),
            cancellationToken);

    public async Task<bool> FireAsync(RecurringRecord tick, IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        var hasFired = await database.WriteAsync((context, sql) => FireAsync(context, sql, tick, messages, cancellationToken), cancellationToken);
        if (hasFired)
        {
            database.Store.OnMessagesCommitted();
        }

        return hasFired;
    }

    private static async Task<bool> FireAsync(TContext context, SqlDialect sql, RecurringRecord tick, IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        // ADO.NET's own: EF refuses to begin one with a strategy that retries, which the caller does here.
        await using var transaction = await context.Database.GetDbConnection().BeginTransactionAsync(cancellationToken);
        if (await ExecuteAsync(sql.Schedule.NoteTick(context, transaction, tick), cancellationToken) == 0)
        {
            return false;
        }

        foreach (var command in sql.InsertMessages(context, transaction, messages))
        {
            await ExecuteAsync(command, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>After which time the first message falls due; null if there is none.</summary>
    private Task<TimeSpan?> ReadFirstAsync(CancellationToken cancellationToken)
        => database.RunAsync<TimeSpan?>(async (context, sql) =>
        {
            await using var command = sql.Schedule.ReadFirst(context);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            return await reader.ReadAsync(cancellationToken) ? ScheduleSql.DueIn(reader) : null;
        }, cancellationToken);

    private static async Task<List<RecurringRecord>> ReadRecurringAsync(DbCommand read, CancellationToken cancellationToken)
    {
        await using var command = read;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var records = new List<RecurringRecord>();
        while (await reader.ReadAsync(cancellationToken))
        {
            records.Add(new RecurringRecord(reader.GetString(0), reader.GetString(1), reader.GetUtc(2)));
        }

        return records;
    }

    private static async Task<int> ExecuteAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using (command)
        {
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
