using System.Data.Common;
using Messaging.Toolkit.Parking;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>
/// The statements of parked messages. The first one of a key is its head: it alone has a time, and whoever adds one behind it or takes
/// it away locks its row, so that neither overlooks the other.
/// </summary>
internal class ParkingSql(SqlDialect dialect, TableNames names)
{
    protected SqlDialect Dialect { get; } = dialect;

    protected TableNames.ParkedNames Parked { get; } = names.Parked;

    /// <summary>Locks the first message of a key; affects no row if none is parked. It may be locked for as long as it is handled: that is not waited for.</summary>
    public DbCommand LockHead(DbContext context, DbTransaction? transaction, string endpoint, string key)
        => context.CreateCommand(transaction, LimitWaitForHead($"UPDATE {Parked.Table} SET {Parked.DueAt} = {Parked.DueAt} WHERE {Parked.Id} = ({HeadOf})"))
            .With("@e", endpoint).With("@k", key);

    public DbCommand CountOfKey(DbContext context, DbTransaction? transaction, string endpoint, string key)
        => context.CreateCommand(transaction, $"SELECT COUNT(*) FROM {Parked.Table} WHERE {IsOfKey}").With("@e", endpoint).With("@k", key);

    /// <summary>Adds a message behind all of its key.</summary>
    public DbCommand Insert(DbContext context, DbTransaction? transaction, ParkedMessage message, DateTime? firstFailedAt, DateTime? dueAt)
        => context.CreateCommand(transaction,
                $"INSERT INTO {Parked.Table} ({string.Join(", ", Columns.Skip(1))}, {Parked.FirstFailedAt}, {Parked.DueAt}) VALUES (@e, @m, @t, @k, @h, @b, @a, @d, @failed, @due)")
            .With("@e", message.Endpoint).With("@m", message.MessageId).With("@t", StorableText.From(message.Type)).With("@k", message.Key)
            .With("@h", StorableText.From(message.Headers)).With("@b", SqlDialect.AsArray(message.Body)).With("@a", message.Attempts).With("@d", message.Delays)
            .With("@failed", firstFailedAt).With("@due", dueAt);

    /// <summary>Affects no row if somebody else has changed it since it was taken.</summary>
    public DbCommand Postpone(DbContext context, ParkedMessage taken, ParkedMessage message, DateTime now, DateTime dueAt)
        => AsTaken(context.CreateCommand(LimitWait(
                $"UPDATE {Parked.Table} SET {Parked.Attempts} = @a, {Parked.Delays} = @d, {Parked.FirstFailedAt} = COALESCE({Parked.FirstFailedAt}, @now), {Parked.DueAt} = @due WHERE {IsAsTaken}")), taken)
            .With("@a", message.Attempts).With("@d", message.Delays).With("@now", now).With("@due", dueAt);

    /// <summary>Makes a message due now that was taken and not touched.</summary>
    public DbCommand Release(DbContext context, ParkedMessage taken)
        => Dialect.WithNow(AsTaken(context.CreateCommand(LimitWait($"UPDATE {Parked.Table} SET {Parked.DueAt} = {Dialect.Now} WHERE {IsAsTaken}")), taken));

    /// <summary>Takes a message away, if it is the first of its key; affects no row if it is not, or not there any more.</summary>
    public DbCommand Remove(DbContext context, DbTransaction? transaction, ParkedMessage message)
    {
        var isHead = message.Key is null
            ? ""
            : $" AND NOT EXISTS (SELECT 1 FROM {Parked.Table} AS q WHERE q.{Parked.Endpoint} = @e AND q.{Parked.Key} = @k AND q.{Parked.Id} < @id)";
        var command = context.CreateCommand(transaction, LimitWait($"DELETE FROM {Parked.Table} WHERE {IsAsTaken}{isHead}"));
        AsTaken(command, message);
        return message.Key is null ? command : command.With("@e", message.Endpoint).With("@k", message.Key);
    }

    /// <summary>Gives the next message of a key, which is its head now, its time.</summary>
    public DbCommand PromoteNext(DbContext context, DbTransaction? transaction, string endpoint, string key)
        => Dialect.WithNow(context.CreateCommand(transaction, $"UPDATE {Parked.Table} SET {Parked.DueAt} = {Dialect.Now} WHERE {Parked.DueAt} IS NULL AND {Parked.Id} = ({HeadOf}) AND {HoldsNoKey}"))
            .With("@e", endpoint).With("@k", key);

    /// <summary>Leaves a message where it is, without a time: it holds its key.</summary>
    public DbCommand Hold(DbContext context, DbTransaction? transaction, ParkedMessage message)
        => AsTaken(context.CreateCommand(transaction, LimitWait($"UPDATE {Parked.Table} SET {Parked.DueAt} = NULL WHERE {IsAsTaken}")), message);

    /// <summary>Which of the keys have parked messages.</summary>
    public async Task<HashSet<string>> ReadParkedKeysAsync(DbContext context, string endpoint, IReadOnlyCollection<string> keys, CancellationToken cancellationToken)
    {
        await using var command = context.CreateCommand("").With("@e", endpoint);
        command.CommandText = $"SELECT DISTINCT {Parked.Key} FROM {Parked.Table} WHERE {Parked.Endpoint} = @e AND {Dialect.AnyOf(command, Parked.Key, "@k", keys)}";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var parked = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            parked.Add(reader.GetString(0));
        }

        return parked;
    }

    public async Task<ParkedMessage?> FindAsync(DbContext context, string endpoint, Guid messageId, CancellationToken cancellationToken)
    {
        await using var command = context.CreateCommand($"SELECT {string.Join(", ", Columns)} FROM {Parked.Table} WHERE {Parked.Endpoint} = @e AND {Parked.MessageId} = @m")
            .With("@e", endpoint).With("@m", messageId);
        return (await ReadAsync(command, cancellationToken)).FirstOrDefault();
    }

    /// <summary>How many messages are parked at each endpoint at which one was due before the time.</summary>
    public DbCommand CountLeft(DbContext context, IReadOnlyCollection<string> except, DateTime before)
    {
        var command = context.CreateCommand("").With("@before", before);
        var isOther = except.Count == 0 ? "" : $" AND NOT ({Dialect.AnyOf(command, "q." + Parked.Endpoint, "@except", except)})";
        command.CommandText =
            $"SELECT p.{Parked.Endpoint}, COUNT(*) FROM {Parked.Table} AS p WHERE p.{Parked.Endpoint} IN (SELECT q.{Parked.Endpoint} FROM {Parked.Table} AS q WHERE q.{Parked.DueAt} < @before{isOther}) " +
            $"GROUP BY p.{Parked.Endpoint} ORDER BY p.{Parked.Endpoint}";
        return command;
    }

    public DbCommand CountById(DbContext context, long id) => context.CreateCommand($"SELECT COUNT(*) FROM {Parked.Table} WHERE {Parked.Id} = @id").With("@id", id);

    /// <summary>The messages whose time has come, those due first first.</summary>
    public DbCommand ReadDue(DbContext context, DbTransaction? transaction, IReadOnlyCollection<string> endpoints, int count)
    {
        var command = context.CreateCommand(transaction, "");
        command.CommandText = $"SELECT {string.Join(", ", Columns.Select(column => "p." + column))} FROM {Parked.Table} AS p WHERE {IsDue(command, endpoints)} ORDER BY p.{Parked.DueAt} {Dialect.Limit(count)}";
        return Dialect.WithNow(command);
    }

    /// <summary>Takes messages whose time has come and that nobody else takes, by moving their time.</summary>
    public virtual async Task<List<ParkedMessage>> TakeDueAsync(
        DbContext context, DbTransaction transaction, IReadOnlyCollection<string> endpoints, int count, DateTime until, CancellationToken cancellationToken)
    {
        await using var read = ReadDue(context, transaction, endpoints, count);
        var taken = new List<ParkedMessage>();
        foreach (var message in await ReadAsync(read, cancellationToken))
        {
            await using var take = Dialect.WithNow(context.CreateCommand(transaction,
                    $"UPDATE {Parked.Table} SET {Parked.DueAt} = @until WHERE {Parked.Id} = @id AND {Parked.DueAt} <= {Dialect.Now}"))
                .With("@until", until).With("@id", message.Id);
            if (await take.ExecuteNonQueryAsync(cancellationToken) == 1)
            {
                taken.Add(message);
            }
        }

        return taken;
    }

    /// <summary>The condition that a message's key has nothing parked at the endpoint: of parameters or columns.</summary>
    public string IsFree(string endpoint, string key)
        => $"NOT EXISTS (SELECT 1 FROM {Parked.Table} AS p WHERE p.{Parked.Endpoint} = {endpoint} AND p.{Parked.Key} = {key})";

    protected string[] Columns => field ??=
        [Parked.Id, Parked.Endpoint, Parked.MessageId, Parked.Type, Parked.Key, Parked.Headers, Parked.Body, Parked.Attempts, Parked.Delays];

    /// <summary>The condition by which <see cref="ReadDue"/> finds messages, and its parameters but the clock.</summary>
    protected virtual string IsDue(DbCommand command, IReadOnlyCollection<string> endpoints)
        => $"p.{Parked.DueAt} <= {Dialect.Now} AND {IsHead} AND {Dialect.AnyOf(command, "p." + Parked.Endpoint, "@endpoint", endpoints)}";

    protected string IsHead
        => $"(p.{Parked.Key} IS NULL OR NOT EXISTS (SELECT 1 FROM {Parked.Table} AS q WHERE q.{Parked.Endpoint} = p.{Parked.Endpoint} AND q.{Parked.Key} = p.{Parked.Key} AND q.{Parked.Id} < p.{Parked.Id}))";

    /// <summary>Bounds how long a statement waits for the lock of the first message of a key.</summary>
    protected virtual string LimitWaitForHead(string statements) => LimitWait(statements);

    /// <summary>Bounds how long statements wait for somebody else's lock.</summary>
    protected virtual string LimitWait(string statements) => statements;

    protected static async Task<List<ParkedMessage>> ReadAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var messages = new List<ParkedMessage>();
        while (await reader.ReadAsync(cancellationToken))
        {
            messages.Add(new ParkedMessage
            {
                Id = reader.GetInt64(0),
                Endpoint = reader.GetString(1),
                MessageId = reader.GetGuid(2),
                Type = reader.GetString(3),
                Key = reader.GetStringOrNull(4),
                Headers = reader.GetString(5),
                Body = reader.GetFieldValue<byte[]>(6),
                Attempts = reader.GetInt32(7),
                Delays = reader.GetInt32(8),
            });
        }

        return messages;
    }

    /// <summary>Nobody has postponed it, given it up or replayed it since it was taken: who had it for longer than its lease may be too late.</summary>
    private string IsAsTaken => $"{Parked.Id} = @id AND {Parked.DueAt} IS NOT NULL AND {Parked.Attempts} = @taken_attempts AND {Parked.Delays} = @taken_delays";

    private static DbCommand AsTaken(DbCommand command, ParkedMessage taken)
        => command.With("@id", taken.Id).With("@taken_attempts", taken.Attempts).With("@taken_delays", taken.Delays);

    /// <summary>It is not in the dead letters: what has no time may wait behind another, or hold its key from there.</summary>
    private string HoldsNoKey
        => $"NOT EXISTS (SELECT 1 FROM {names.DeadLetter.Table} AS l WHERE l.{names.DeadLetter.Endpoint} = {Parked.Table}.{Parked.Endpoint} AND l.{names.DeadLetter.MessageId} = {Parked.Table}.{Parked.MessageId})";

    private string IsOfKey => $"{Parked.Endpoint} = @e AND {Parked.Key} = @k";

    private string HeadOf => $"SELECT MIN({Parked.Id}) FROM {Parked.Table} WHERE {IsOfKey}";
}
