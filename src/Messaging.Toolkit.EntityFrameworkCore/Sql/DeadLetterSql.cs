using System.Data.Common;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>The statements of dead letters, in standard SQL. Letters are moved by statements that name their ids, whatever their number.</summary>
internal sealed class DeadLetterSql(SqlDialect dialect, TableNames names)
{
    private readonly TableNames.DeadLetterNames letter = names.DeadLetter;
    private readonly TableNames.ParkedNames parked = names.Parked;

    public DbCommand Insert(DbContext context, DbTransaction? transaction, DeadLetter dead, DateTime? firstFailedAt)
        => dialect.WithNow(context.CreateCommand(transaction, dialect.InsertIfAbsent(
                letter.Table,
                [
                    letter.Endpoint, letter.MessageId, letter.Origin, letter.Type, letter.Key, letter.Headers, letter.Body, letter.Reason, letter.ExceptionType, letter.Failure,
                    letter.Attempts, letter.FirstFailedAt, letter.DeadAt,
                ],
                ["@e", "@m", "@o", "@t", "@k", "@h", "@b", "@r", "@x", "@f", "@a", firstFailedAt is null ? dialect.Now : "@failed", dialect.Now],
                keys: 2))
            .With("@e", dead.Endpoint).With("@m", dead.MessageId).With("@o", dead.Origin.ToString()).With("@t", StorableText.From(dead.Type)).With("@k", StorableText.From(dead.Key))
            .With("@h", StorableText.From(dead.Headers)).With("@b", SqlDialect.AsArray(dead.Body)).With("@r", StorableText.From(dead.Reason))
            .With("@x", StorableText.From(dead.ExceptionType)).With("@f", StorableText.From(dead.Failure)).With("@a", dead.Attempts)
            .WithIf(firstFailedAt is not null, "@failed", firstFailedAt));

    public DbCommand CountAll(DbContext context) => context.CreateCommand($"SELECT COUNT(*) FROM {letter.Table}");

    public DbCommand ReadFirstFailure(DbContext context, DbTransaction? transaction, long parkedId)
        => context.CreateCommand(transaction, $"SELECT {parked.FirstFailedAt} FROM {parked.Table} WHERE {parked.Id} = @id").With("@id", parkedId);

    public DbCommand Read(DbContext context, DeadLetterQuery query, int count) => Select(
        context, transaction: null, query, count,
        $"{letter.Id}, {letter.Origin}, {letter.Endpoint}, {letter.MessageId}, {letter.Type}, {letter.Key}, {letter.Headers}, {letter.Body}, {letter.Reason}, {letter.ExceptionType}, {letter.Failure}, {letter.Attempts}, {letter.FirstFailedAt}, {letter.DeadAt}");

    public static async Task<List<DeadLetter>> ReadAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var letters = new List<DeadLetter>();
        while (await reader.ReadAsync(cancellationToken))
        {
            letters.Add(new DeadLetter
            {
                Id = reader.GetInt64(0),
                Origin = Enum.Parse<DeadLetterOrigin>(reader.GetString(1)),
                Endpoint = reader.GetString(2),
                MessageId = reader.GetGuid(3),
                Type = reader.GetString(4),
                Key = reader.GetStringOrNull(5),
                Headers = reader.GetString(6),
                Body = reader.GetFieldValue<byte[]>(7),
                Reason = reader.GetString(8),
                ExceptionType = reader.GetStringOrNull(9),
                Failure = reader.GetStringOrNull(10),
                Attempts = reader.GetInt32(11),
                FirstFailedAt = reader.GetUtc(12),
                DeadAt = reader.GetUtc(13),
            });
        }

        return letters;
    }

    public DbCommand ReadLastId(DbContext context) => context.CreateCommand($"SELECT MAX({letter.Id}) FROM {letter.Table}");

    /// <summary>The ids of letters, where they come from and where to, without the letters.</summary>
    public DbCommand ReadIds(DbContext context, DbTransaction? transaction, DeadLetterQuery query, int count)
        => Select(context, transaction, query, count, $"{letter.Id}, {letter.Origin}, {letter.Endpoint}, {letter.MessageId}, {letter.Key}");

    /// <summary>
    /// Claims what is replayed at an endpoint, if the claim is no longer there: a copy that arrives must stay a duplicate.
    /// </summary>
    public DbCommand Claim(DbContext context, DbTransaction? transaction, IReadOnlyCollection<long> ids)
    {
        var claim = names.Claim;
        var command = context.CreateCommand(transaction, "");
        command.CommandText =
            $"INSERT INTO {claim.Table} ({claim.Endpoint}, {claim.MessageId}, {claim.ClaimedAt}) SELECT l.{letter.Endpoint}, l.{letter.MessageId}, {dialect.Now} FROM {letter.Table} AS l " +
            $"WHERE {dialect.AnyOf(command, "l." + letter.Id, "@id", ids)} AND NOT EXISTS (SELECT 1 FROM {claim.Table} AS c WHERE c.{claim.Endpoint} = l.{letter.Endpoint} AND c.{claim.MessageId} = l.{letter.MessageId})";
        return dialect.WithNow(command);
    }

    /// <summary>Gives the time back to the messages that hold their keys for letters.</summary>
    public DbCommand LetGo(DbContext context, DbTransaction? transaction, IReadOnlyCollection<long> ids)
    {
        var command = context.CreateCommand(transaction, "");
        command.CommandText =
            $"UPDATE {parked.Table} SET {parked.DueAt} = {dialect.Now}, {parked.Attempts} = 0, {parked.Delays} = 0 WHERE {parked.DueAt} IS NULL AND {IsHolder(command, ids)}";
        return dialect.WithNow(command);
    }

    /// <summary>
    /// Parks the messages of letters that hold no key. The first one of a key has its time now, and waits all the same if others of its key
    /// are parked before it; the others get theirs when it is gone.
    /// </summary>
    public DbCommand Park(DbContext context, DbTransaction? transaction, IReadOnlyCollection<long> ids)
    {
        var command = context.CreateCommand(transaction, "");
        command.CommandText =
            $"INSERT INTO {parked.Table} ({parked.Endpoint}, {parked.MessageId}, {parked.Type}, {parked.Key}, {parked.Headers}, {parked.Body}, {parked.Attempts}, {parked.Delays}, {parked.DueAt}) " +
            $"SELECT l.{letter.Endpoint}, l.{letter.MessageId}, l.{letter.Type}, l.{letter.Key}, l.{letter.Headers}, l.{letter.Body}, 0, 0, " +
            $"CASE WHEN l.{letter.Key} IS NULL OR ROW_NUMBER() OVER (PARTITION BY l.{letter.Endpoint}, l.{letter.Key} ORDER BY l.{letter.Id}) = 1 THEN {dialect.Now} ELSE NULL END " +
            $"FROM {letter.Table} AS l WHERE {dialect.AnyOf(command, "l." + letter.Id, "@id", ids)} AND NOT EXISTS (SELECT 1 FROM {parked.Table} AS p WHERE p.{parked.Endpoint} = l.{letter.Endpoint} AND p.{parked.MessageId} = l.{letter.MessageId}) " +
            $"ORDER BY l.{letter.Id}";
        return dialect.WithNow(command);
    }

    /// <summary>Puts the message of a letter back into the outbox.</summary>
    public DbCommand Resend(DbContext context, DbTransaction? transaction, long id, int bucket)
    {
        var outbox = names.Outbox;
        return dialect.WithNow(context.CreateCommand(transaction,
                $"INSERT INTO {outbox.Table} ({outbox.MessageId}, {outbox.Destination}, {outbox.Bucket}, {outbox.Key}, {outbox.Type}, {outbox.Headers}, {outbox.Body}, {outbox.CreatedAt}) " +
                $"SELECT {letter.MessageId}, {letter.Endpoint}, @bucket, {letter.Key}, {letter.Type}, {letter.Headers}, {letter.Body}, {dialect.Now} FROM {letter.Table} WHERE {letter.Id} = @id")
            .With("@bucket", bucket).With("@id", id));
    }

    /// <summary>Takes the claim back by which a letter of the outbox was written: its endpoint in this process may have the destination's name.</summary>
    public DbCommand Unclaim(DbContext context, DbTransaction? transaction, string endpoint, Guid messageId)
        => context.CreateCommand(transaction, $"DELETE FROM {names.Claim.Table} WHERE {names.Claim.Endpoint} = @e AND {names.Claim.MessageId} = @m")
            .With("@e", endpoint).With("@m", messageId);

    /// <summary>Removes the messages that hold their keys for letters.</summary>
    public DbCommand RemoveHolders(DbContext context, DbTransaction? transaction, IReadOnlyCollection<long> ids)
    {
        var command = context.CreateCommand(transaction, "");
        command.CommandText = $"DELETE FROM {parked.Table} WHERE {parked.DueAt} IS NULL AND {IsHolder(command, ids)}";
        return command;
    }

    public DbCommand Delete(DbContext context, DbTransaction? transaction, IReadOnlyCollection<long> ids)
    {
        var command = context.CreateCommand(transaction, "");
        command.CommandText = $"DELETE FROM {letter.Table} WHERE {dialect.AnyOf(command, letter.Id, "@id", ids)}";
        return command;
    }

    private string IsHolder(DbCommand command, IReadOnlyCollection<long> ids)
        => $"EXISTS (SELECT 1 FROM {letter.Table} AS l WHERE l.{letter.Endpoint} = {parked.Table}.{parked.Endpoint} AND l.{letter.MessageId} = {parked.Table}.{parked.MessageId} AND {dialect.AnyOf(command, "l." + letter.Id, "@id", ids)})";

    private DbCommand Select(DbContext context, DbTransaction? transaction, DeadLetterQuery query, int count, string columns)
    {
        var command = context.CreateCommand(transaction, "").With("@after", query.After);
        var conditions = new List<string> { $"{letter.Id} > @after" };
        Add("@e", letter.Endpoint, "=", query.Endpoint);
        Add("@m", letter.MessageId, "=", query.MessageId);
        Add("@t", letter.Type, "=", query.Type);
        Add("@k", letter.Key, "=", query.Key);
        Add("@x", letter.ExceptionType, "=", query.ExceptionType);
        Add("@o", letter.Origin, "=", query.Origin?.ToString());
        Add("@since", letter.DeadAt, ">=", query.Since?.UtcDateTime);
        Add("@until", letter.DeadAt, "<", query.Until?.UtcDateTime);
        Add("@through", letter.Id, "<=", query.Through);
        command.CommandText = $"SELECT {columns} FROM {letter.Table} WHERE {string.Join(" AND ", conditions)} ORDER BY {letter.Id} {dialect.Limit(count)}";
        return command;

        void Add(string name, string column, string comparison, object? value)
        {
            if (value is not null)
            {
                conditions.Add($"{column} {comparison} {name}");
                command.With(name, value);
            }
        }
    }
}
