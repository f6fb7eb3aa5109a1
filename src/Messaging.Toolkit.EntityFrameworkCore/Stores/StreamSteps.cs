using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Streams;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>Moves positions in transactions that settle messages.</summary>
internal static class StreamSteps
{
    /// <summary>How many ids are remembered between two deletions of old ones, and how many rows each deletes at most: no more of them than come.</summary>
    private const int ForgettingInterval = 500;

    /// <summary>
    /// Moves a position, and so locks its row until the transaction ends: nobody else takes the stream meanwhile, and what others have committed under the lock can be
    /// seen from now on.
    /// </summary>
    /// <returns>
    /// Null if all from there to there is to be settled. Otherwise the place up to which it is settled already: an earlier transaction of this owner's has
    /// committed, and its reply was lost.
    /// </returns>
    /// <exception cref="StreamLostException">Somebody else has taken the stream, or the position is not where it must be.</exception>
    public static async Task<long?> MoveAsync(DbContext context, SqlDialect sql, DbTransaction? transaction, StreamPosition position, long from, long to, CancellationToken cancellationToken)
    {
        if (position.IsLost)
        {
            throw position.Lose();
        }

        if (await TryMoveAsync(context, sql, transaction, position, from, to, cancellationToken))
        {
            return null;
        }

        if (await ReadAsync(context, sql, transaction, position.Endpoint, position.Stream, cancellationToken) is not { } row || row.Epoch != position.Epoch)
        {
            throw position.Lose();
        }

        // Nobody else writes it in this epoch. If it is where it was known to be, or before the message, something was left out or the database has lost what it had
        // committed, and nothing must be passed over: whoever takes the stream goes on where the row is. A stream that was made anew begins below it.
        if (row.Next == position.Next || (from < to && row.Next < from))
        {
            throw position.Lose();
        }

        return row.Next >= to || await TryMoveAsync(context, sql, transaction, position, row.Next, to, cancellationToken) ? row.Next : throw position.Lose();
    }

    /// <summary>Moves the position of a message behind it. False if it was settled before, or is the copy of one that was.</summary>
    public static async Task<bool> LeaveAsync(DbContext context, SqlDialect sql, DbTransaction transaction, StreamPlace place, Guid messageId, CancellationToken cancellationToken)
        => !(await MoveAsync(context, sql, transaction, place.Position, place.From, place.To, cancellationToken) >= place.To) && !place.Position.Remembers(messageId);

    /// <summary>Corrects the move of this transaction: it ends earlier.</summary>
    public static async Task ShortenAsync(DbContext context, SqlDialect sql, DbTransaction? transaction, StreamPosition position, long from, long to, CancellationToken cancellationToken)
    {
        if (!await TryMoveAsync(context, sql, transaction, position, from, to, cancellationToken))
        {
            throw new InvalidOperationException($"The position in '{position.Stream}' has moved under its own lock.");
        }
    }

    /// <summary>Remembers messages with the position, and now and then deletes those that are remembered for too long. False if there was nothing to be done.</summary>
    public static async Task<bool> RememberAsync(DbContext context, SqlDialect sql, DbTransaction? transaction, StreamPosition position, IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0 || position.Memory == 0)
        {
            return false;
        }

        await using var remember = sql.Streams.Remember(context, transaction, position, ids);
        await remember.ExecuteNonQueryAsync(cancellationToken);
        if ((position.Total + ids.Count) / ForgettingInterval > position.Total / ForgettingInterval)
        {
            await using var forget = sql.Streams.Forget(context, transaction, position.Endpoint, position.Stream, position.Total + ids.Count - position.Memory, ForgettingInterval);
            await forget.ExecuteNonQueryAsync(cancellationToken);
        }

        return true;
    }

    public static async Task<Row?> ReadAsync(DbContext context, SqlDialect sql, DbTransaction? transaction, string endpoint, string stream, CancellationToken cancellationToken)
    {
        await using var command = sql.Streams.Read(context, transaction, endpoint, stream);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new Row(reader.GetInt64(0), reader.GetInt64(1), reader.IsDBNull(2) ? null : reader.GetUtc(2)) : null;
    }

    private static async Task<bool> TryMoveAsync(DbContext context, SqlDialect sql, DbTransaction? transaction, StreamPosition position, long from, long to, CancellationToken cancellationToken)
    {
        await using var step = sql.Streams.Step(context, transaction, position, from, to);
        return await step.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    public sealed record Row(long Epoch, long Next, DateTime? ClaimsUntil);
}
