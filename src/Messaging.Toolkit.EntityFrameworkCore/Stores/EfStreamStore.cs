using System.Data.Common;
using System.Globalization;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Streams;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfStreamStore<TContext>(EfDatabase<TContext> database) : IStreamStore where TContext : DbContext
{
    private const int ForgottenAtOnce = 5_000;

    public Task<StreamState> TakeAsync(string endpoint, string stream, int memory, TimeSpan retention, CancellationToken cancellationToken)
        => database.WriteAsync(async (context, sql) =>
        {
            var now = await sql.ReadNowAsync(context, cancellationToken);

            // ADO.NET's own: EF refuses to begin one with a strategy that retries, which the caller does here.
            await using var transaction = await context.Database.GetDbConnection().BeginTransactionAsync(cancellationToken);
            if (await TakeAsync(context, sql, transaction, endpoint, stream, cancellationToken) == 0)
            {
                await CreateAsync(context, sql, transaction, endpoint, stream, now, retention, cancellationToken);
                await TakeAsync(context, sql, transaction, endpoint, stream, cancellationToken);
            }

            var row = await StreamSteps.ReadAsync(context, sql, transaction, endpoint, stream, cancellationToken)
                ?? throw new MessagingException($"The position of endpoint '{endpoint}' in '{stream}' was deleted while it was being taken: it is taken again.");
            if (memory == 0)
            {
                await ForgetSomeAsync(context, sql, transaction, endpoint, stream, cancellationToken);
            }

            var (total, ids) = await ReadIdsAsync(context, sql, transaction, endpoint, stream, memory, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return new StreamState(row.Epoch, row.Next, total, ids, row.ClaimsUntil > now);
        }, cancellationToken);

    public Task<IReadOnlyList<string>> ReadNamesAsync(string endpoint, CancellationToken cancellationToken)
        => database.RunAsync<IReadOnlyList<string>>(async (context, sql) =>
        {
            await using var command = sql.Streams.ReadNames(context, endpoint);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var names = new List<string>();
            while (await reader.ReadAsync(cancellationToken))
            {
                names.Add(reader.GetString(0));
            }

            return names;
        }, cancellationToken);

    public Task DeleteAsync(string endpoint, IReadOnlyCollection<string> streams, CancellationToken cancellationToken)
        => database.WriteAsync(async (context, sql) =>
        {
            await using var transaction = await context.Database.GetDbConnection().BeginTransactionAsync(cancellationToken);

            // In the same order as everybody moves them.
            foreach (var stream in streams.Order(StringComparer.Ordinal))
            {
                await using var delete = sql.Streams.Delete(context, transaction, endpoint, stream);
                await delete.ExecuteNonQueryAsync(cancellationToken);
                await using var forget = sql.Streams.ForgetAll(context, transaction, endpoint, stream);
                await forget.ExecuteNonQueryAsync(cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
            return streams.Count;
        }, cancellationToken);

    private static async Task<int> TakeAsync(TContext context, SqlDialect sql, DbTransaction transaction, string endpoint, string stream, CancellationToken cancellationToken)
    {
        await using var take = sql.Streams.Take(context, transaction, endpoint, stream);
        return Math.Max(0, await take.ExecuteNonQueryAsync(cancellationToken));
    }

    /// <summary>Nothing is remembered any more, and nobody else deletes what was: not all at once, which might take too long.</summary>
    private static async Task ForgetSomeAsync(TContext context, SqlDialect sql, DbTransaction transaction, string endpoint, string stream, CancellationToken cancellationToken)
    {
        await using var forget = sql.Streams.Forget(context, transaction, endpoint, stream, long.MaxValue, ForgottenAtOnce);
        await forget.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// If the endpoint has claimed messages, it did without positions until now: what it has handled may come again. There may have been a row before that was deleted, whose
    /// owner does not know that: epochs begin with the time, so that the new row's are others.
    /// </summary>
    private static async Task CreateAsync(
        TContext context, SqlDialect sql, DbTransaction transaction, string endpoint, string stream, DateTime now, TimeSpan retention, CancellationToken cancellationToken)
    {
        await using var any = sql.ReadAnyClaim(context, transaction, endpoint);
        var hasClaims = await any.ExecuteScalarAsync(cancellationToken) is not null and not DBNull;
        await using var create = sql.Streams.Create(context, transaction, endpoint, stream, (now - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond, hasClaims ? now + retention : null);
        await create.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<(long Total, IReadOnlyList<Guid> Ids)> ReadIdsAsync(
        TContext context, SqlDialect sql, DbTransaction transaction, string endpoint, string stream, int memory, CancellationToken cancellationToken)
    {
        await using var command = sql.Streams.ReadRemembered(context, transaction, endpoint, stream, memory);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<byte[]>();
        var (total, count) = (0L, 0);
        while (count < memory && await reader.ReadAsync(cancellationToken))
        {
            total = Math.Max(total, Convert.ToInt64(reader.GetValue(0), CultureInfo.InvariantCulture));
            rows.Add(reader.GetFieldValue<byte[]>(1));
            count += rows[^1].Length / PackedIds.Size;
        }

        rows.Reverse();
        return (total, [.. rows.SelectMany(PackedIds.Unpack).Skip(Math.Max(0, count - memory))]);
    }
}
