using System.Data.Common;
using System.Globalization;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfDeadLetterStore<TContext>(EfDatabase<TContext> database) : IDeadLetterStore where TContext : DbContext
{
    public async Task<DeadLetterReceipt> AddAsync(DeadLetterEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Place is { IsSettled: true })
        {
            return new DeadLetterReceipt(IsStored: false, []);
        }

        var receipt = await InTransactionAsync((context, sql, transaction) => AddAsync(context, sql, transaction, entry, cancellationToken), cancellationToken);
        entry.Place?.Settle(entry.Letter.Key is null ? [] : [entry.Letter.MessageId]);
        if (entry.Messages.Count > 0)
        {
            // Even if it is not the first: the one before may have been ours, with the reply to its commit lost.
            database.Store.OnMessagesCommitted();
        }

        return receipt;
    }

    public Task<IReadOnlyList<DeadLetter>> ReadAsync(DeadLetterQuery query, int count, CancellationToken cancellationToken)
        => database.RunAsync<IReadOnlyList<DeadLetter>>(async (context, sql) =>
        {
            await using var command = sql.DeadLetters.Read(context, query, count);
            return await DeadLetterSql.ReadAsync(command, cancellationToken);
        }, cancellationToken);

    public Task<long> ReadLastIdAsync(CancellationToken cancellationToken)
        => database.RunAsync(async (context, sql) =>
        {
            await using var command = sql.DeadLetters.ReadLastId(context);
            return await command.ExecuteScalarAsync(cancellationToken) is { } id and not DBNull ? Convert.ToInt64(id, CultureInfo.InvariantCulture) : 0;
        }, cancellationToken);

    public async Task<int> ReplayAsync(DeadLetterQuery query, int count, CancellationToken cancellationToken)
    {
        var replayed = await InTransactionAsync(async (context, sql, transaction) =>
        {
            var letters = await ReadHeadsAsync(sql.DeadLetters.ReadIds(context, transaction, query, count), cancellationToken);
            var atEndpoints = letters.Where(letter => letter.Origin == DeadLetterOrigin.Endpoint).Select(letter => letter.Id).ToList();
            if (atEndpoints.Count > 0)
            {
                await ExecuteAsync(sql.DeadLetters.Claim(context, transaction, atEndpoints), cancellationToken);
                await ExecuteAsync(sql.DeadLetters.LetGo(context, transaction, atEndpoints), cancellationToken);
                await ExecuteAsync(sql.DeadLetters.Park(context, transaction, atEndpoints), cancellationToken);
            }

            foreach (var letter in letters.Where(letter => letter.Origin == DeadLetterOrigin.Outbox))
            {
                var bucket = letter.Key is { } key ? MessageKeys.Bucket(key, OutboxOptions.Buckets) : MessageKeys.Bucket(letter.MessageId, OutboxOptions.Buckets);
                await ExecuteAsync(sql.DeadLetters.Resend(context, transaction, letter.Id, bucket), cancellationToken);
                await ExecuteAsync(sql.DeadLetters.Unclaim(context, transaction, letter.Endpoint, letter.MessageId), cancellationToken);
            }

            return await DeleteAsync(context, sql, transaction, letters, cancellationToken);
        }, cancellationToken);
        if (replayed > 0)
        {
            database.Store.OnMessagesCommitted();
        }

        return replayed;
    }

    public Task<IReadOnlyList<(string Endpoint, Guid MessageId)>> DiscardAsync(DeadLetterQuery query, int count, CancellationToken cancellationToken)
        => InTransactionAsync<IReadOnlyList<(string, Guid)>>(async (context, sql, transaction) =>
        {
            var letters = await ReadHeadsAsync(sql.DeadLetters.ReadIds(context, transaction, query, count), cancellationToken);
            if (letters.Count > 0 && await ExecuteAsync(sql.DeadLetters.RemoveHolders(context, transaction, Ids(letters)), cancellationToken) > 0)
            {
                foreach (var (endpoint, key) in letters.Where(letter => letter.Key is not null).Select(letter => (letter.Endpoint, letter.Key!)).Distinct())
                {
                    await ExecuteAsync(sql.Parking.PromoteNext(context, transaction, endpoint, key), cancellationToken);
                }
            }

            await DeleteAsync(context, sql, transaction, letters, cancellationToken);
            return [.. letters.Select(letter => (letter.Endpoint, letter.MessageId))];
        }, cancellationToken);

    private static async Task<DeadLetterReceipt> AddAsync(TContext context, SqlDialect sql, DbTransaction transaction, DeadLetterEntry entry, CancellationToken cancellationToken)
    {
        DateTime? firstFailedAt = null;
        if (entry.Parked is { } parked)
        {
            await using var read = sql.DeadLetters.ReadFirstFailure(context, transaction, parked.Id);
            firstFailedAt = await read.ExecuteScalarAsync(cancellationToken) is { } value and not DBNull ? DbCommands.ToUtc(value) : null;
        }

        if (!await TakeAsync(context, sql, transaction, entry, cancellationToken))
        {
            return new DeadLetterReceipt(IsStored: false, []);
        }

        await ExecuteAsync(sql.DeadLetters.Insert(context, transaction, entry.Letter, firstFailedAt), cancellationToken);
        if (entry is { Place: { } place, Letter.Key: not null })
        {
            await StreamSteps.RememberAsync(context, sql, transaction, place.Position, [entry.Letter.MessageId], cancellationToken);
        }

        foreach (var command in sql.Journal.Insert(context, transaction, [entry.Entry]).Concat(sql.InsertMessages(context, transaction, entry.Messages)))
        {
            await ExecuteAsync(command, cancellationToken);
        }

        var stuck = new List<Guid>();
        foreach (var instance in entry.Stuck)
        {
            if (await ExecuteAsync(sql.Sagas.MarkStuck(context, transaction, instance.Id, instance.Reason, instance.StopsTimeouts), cancellationToken) > 0)
            {
                await ExecuteAsync(sql.Sagas.AddStuck(context, transaction, instance.Id, instance.Reason, entry.Letter.MessageId), cancellationToken);
                stuck.Add(instance.Id);
            }
        }

        return new DeadLetterReceipt(IsStored: true, stuck);
    }

    /// <summary>Makes the message this transaction's; false if it is somebody else's, or has been handled.</summary>
    private static async Task<bool> TakeAsync(TContext context, SqlDialect sql, DbTransaction transaction, DeadLetterEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Parked is not { } parked)
        {
            if (entry.Place is { } place && !await StreamSteps.LeaveAsync(context, sql, transaction, place, entry.Letter.MessageId, cancellationToken))
            {
                return false;
            }

            await using var claim = sql.Claim(context, entry.Letter.Endpoint, entry.Letter.MessageId);
            claim.Transaction = transaction;
            if (await claim.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return false;
            }

            if (entry.HoldsKey)
            {
                await ExecuteAsync(sql.Parking.Insert(context, transaction, Holder(entry.Letter), firstFailedAt: null, dueAt: null), cancellationToken);
            }

            return true;
        }

        if (entry.HoldsKey)
        {
            return await ExecuteAsync(sql.Parking.Hold(context, transaction, parked), cancellationToken) > 0;
        }

        if (await ExecuteAsync(sql.Parking.Remove(context, transaction, parked), cancellationToken) == 0)
        {
            return false;
        }

        if (parked.Key is { } key)
        {
            await ExecuteAsync(sql.Parking.PromoteNext(context, transaction, parked.Endpoint, key), cancellationToken);
        }

        return true;
    }

    /// <summary>What stays in the place of a message that has died, so that those of its key wait.</summary>
    private static ParkedMessage Holder(DeadLetter letter) => new()
    {
        Endpoint = letter.Endpoint,
        MessageId = letter.MessageId,
        Type = letter.Type,
        Key = letter.Key,
        Headers = letter.Headers,
        Body = letter.Body,
        Attempts = letter.Attempts,
    };

    /// <summary>Somebody else may have taken some of them meanwhile: then nothing of this transaction has happened.</summary>
    private static async Task<int> DeleteAsync(TContext context, SqlDialect sql, DbTransaction transaction, List<Head> letters, CancellationToken cancellationToken)
    {
        if (letters.Count > 0 && await ExecuteAsync(sql.DeadLetters.Delete(context, transaction, Ids(letters)), cancellationToken) != letters.Count)
        {
            throw new MessagingException("Somebody else has replayed or discarded some of these dead letters at the same time. Nothing was changed: do it again.");
        }

        return letters.Count;
    }

    private static async Task<List<Head>> ReadHeadsAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var heads = new List<Head>();
            while (await reader.ReadAsync(cancellationToken))
            {
                heads.Add(new(reader.GetInt64(0), Enum.Parse<DeadLetterOrigin>(reader.GetString(1)), reader.GetString(2), reader.GetGuid(3), reader.GetStringOrNull(4)));
            }

            return heads;
        }
    }

    private static List<long> Ids(List<Head> letters) => [.. letters.Select(letter => letter.Id)];

    private static async Task<int> ExecuteAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using (command)
        {
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>Commits what the work has done, or, if it throws, nothing of it.</summary>
    private Task<T> InTransactionAsync<T>(Func<TContext, SqlDialect, DbTransaction, Task<T>> work, CancellationToken cancellationToken)
        => database.WriteAsync(async (context, sql) =>
        {
            // ADO.NET's own: EF refuses to begin one with a strategy that retries, which the caller does here.
            await using var transaction = await context.Database.GetDbConnection().BeginTransactionAsync(cancellationToken);
            var result = await work(context, sql, transaction);
            await transaction.CommitAsync(cancellationToken);
            return result;
        }, cancellationToken);

    /// <summary>What of a letter is needed to move it.</summary>
    private sealed record Head(long Id, DeadLetterOrigin Origin, string Endpoint, Guid MessageId, string? Key);
}
