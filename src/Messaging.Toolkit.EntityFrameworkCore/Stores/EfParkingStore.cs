using System.Data.Common;
using System.Globalization;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Parking;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfParkingStore<TContext>(EfDatabase<TContext> database) : IParkingStore where TContext : DbContext
{
    public async Task<ParkingOutcome> ParkAsync(ParkedMessage message, TimeSpan delay, int maxPerKey, CancellationToken cancellationToken)
    {
        if (message.Place is { IsSettled: true })
        {
            return ParkingOutcome.Duplicate;
        }

        var outcome = await database.WriteAsync((context, sql) => ParkAsync(context, sql, message, delay, maxPerKey, cancellationToken), cancellationToken);
        if (outcome is ParkingOutcome.Parked or ParkingOutcome.Duplicate)
        {
            message.Place?.Settle(message.Key is null ? [] : [message.MessageId]);
        }

        return outcome;
    }

    public Task<bool> PostponeAsync(ParkedMessage taken, ParkedMessage message, TimeSpan delay, CancellationToken cancellationToken)
        => database.WriteAsync(async (context, sql) =>
        {
            var now = await sql.ReadNowAsync(context, cancellationToken);
            await using var postpone = sql.Parking.Postpone(context, taken, message, now, now + delay);
            return await postpone.ExecuteNonQueryAsync(cancellationToken) > 0;
        }, cancellationToken);

    /// <summary>It is asked all the time, and nearly always there is nothing: so it looks first, without a transaction and without a turn to write.</summary>
    public async Task<IReadOnlyList<ParkedMessage>> TakeDueAsync(IReadOnlyCollection<string> endpoints, int count, TimeSpan lease, CancellationToken cancellationToken)
        => endpoints.Count == 0 || !await IsAnyDueAsync(endpoints, cancellationToken)
            ? []
            : await database.WriteAsync(async (context, sql) =>
            {
                var now = await sql.ReadNowAsync(context, cancellationToken);
                await using var transaction = await context.Database.GetDbConnection().BeginTransactionAsync(cancellationToken);
                var taken = await sql.Parking.TakeDueAsync(context, transaction, endpoints, count, now + lease, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return taken;
            }, cancellationToken);

    public Task ReleaseAsync(IReadOnlyCollection<ParkedMessage> messages, CancellationToken cancellationToken)
        => messages.Count == 0
            ? Task.CompletedTask
            : database.WriteAsync(async (context, sql) =>
            {
                foreach (var message in messages)
                {
                    await using var release = sql.Parking.Release(context, message);
                    await release.ExecuteNonQueryAsync(cancellationToken);
                }

                return messages.Count;
            }, cancellationToken);

    public Task<ParkedMessage?> FindAsync(string endpoint, Guid messageId, CancellationToken cancellationToken)
        => database.RunAsync((context, sql) => sql.Parking.FindAsync(context, endpoint, messageId, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<(string Endpoint, long Count)>> CountLeftAsync(IReadOnlyCollection<string> except, TimeSpan overdue, CancellationToken cancellationToken)
        => database.RunAsync<IReadOnlyList<(string, long)>>(async (context, sql) =>
        {
            var before = await sql.ReadNowAsync(context, cancellationToken) - overdue;
            await using var command = sql.Parking.CountLeft(context, except, before);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var left = new List<(string, long)>();
            while (await reader.ReadAsync(cancellationToken))
            {
                left.Add((reader.GetString(0), Convert.ToInt64(reader.GetValue(1), CultureInfo.InvariantCulture)));
            }

            return left;
        }, cancellationToken);

    private Task<bool> IsAnyDueAsync(IReadOnlyCollection<string> endpoints, CancellationToken cancellationToken)
        => database.RunAsync(async (context, sql) =>
        {
            await using var command = sql.Parking.ReadDue(context, null, endpoints, count: 1);
            return await command.ExecuteScalarAsync(cancellationToken) is not null;
        }, cancellationToken);

    private static async Task<ParkingOutcome> ParkAsync(TContext context, SqlDialect sql, ParkedMessage message, TimeSpan delay, int maxPerKey, CancellationToken cancellationToken)
    {
        var now = await sql.ReadNowAsync(context, cancellationToken);

        // ADO.NET's own: EF refuses to begin one with a strategy that retries, which the caller does here. What is not stored is rolled back.
        await using var transaction = await context.Database.GetDbConnection().BeginTransactionAsync(cancellationToken);
        if (!await TakeAsync(context, sql, transaction, message, cancellationToken))
        {
            // Nothing is stored, but it is settled: the position goes on.
            await transaction.CommitAsync(cancellationToken);
            return ParkingOutcome.Duplicate;
        }

        var waits = false;
        try
        {
            waits = message.Key is { } key && await IsBehindAsync(context, sql, transaction, message.Endpoint, key, cancellationToken);
        }
        catch (DbException exception) when (sql.IsLockTimeout(exception))
        {
            return ParkingOutcome.Busy;
        }

        if (message.Key is not null && await CountAsync(context, sql, transaction, message, cancellationToken) >= maxPerKey)
        {
            return ParkingOutcome.Full;
        }

        await using var insert = sql.Parking.Insert(context, transaction, message, message.Attempts > 0 ? now : null, waits ? null : now + delay);
        await insert.ExecuteNonQueryAsync(cancellationToken);
        if (message is { Place: { } place, Key: not null })
        {
            await StreamSteps.RememberAsync(context, sql, transaction, place.Position, [message.MessageId], cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return ParkingOutcome.Parked;
    }

    /// <summary>Makes the message this transaction's; false if it has been settled before.</summary>
    private static async Task<bool> TakeAsync(TContext context, SqlDialect sql, DbTransaction transaction, ParkedMessage message, CancellationToken cancellationToken)
    {
        if (message.Place is { } place && !await StreamSteps.LeaveAsync(context, sql, transaction, place, message.MessageId, cancellationToken))
        {
            return false;
        }

        await using var claim = sql.Claim(context, message.Endpoint, message.MessageId);
        claim.Transaction = transaction;
        return await claim.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    private static async Task<bool> IsBehindAsync(TContext context, SqlDialect sql, DbTransaction transaction, string endpoint, string key, CancellationToken cancellationToken)
    {
        await using var lockHead = sql.Parking.LockHead(context, transaction, endpoint, key);
        return await lockHead.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    private static async Task<long> CountAsync(TContext context, SqlDialect sql, DbTransaction transaction, ParkedMessage message, CancellationToken cancellationToken)
    {
        await using var count = sql.Parking.CountOfKey(context, transaction, message.Endpoint, message.Key!);
        return Convert.ToInt64(await count.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }
}
