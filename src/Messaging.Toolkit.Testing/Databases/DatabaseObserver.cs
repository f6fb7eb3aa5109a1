using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Testing.Checks;
using Microsoft.Data.Sqlite;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>Reads from outside what transactions have left in the toolkit's tables since the last look.</summary>
internal sealed class DatabaseObserver : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly TableNames.LeaseNames leases;
    private readonly SqliteCommand messages;
    private readonly SqliteCommand claims;
    private readonly SqliteCommand deadLetters;
    private readonly SqliteCommand lastClaim;
    private readonly SqliteCommand remembered;
    private readonly SqliteCommand lastRemembered;
    private readonly SqliteCommand lastDeadLetter;
    private readonly SqliteCommand waiting;
    private readonly SqliteCommand stored;
    private readonly SqliteCommand instances;
    private readonly SqliteCommand history;
    private readonly SqliteCommand lastHistory;
    private readonly SqliteCommand due;
    private readonly SqliteCommand parked;
    private readonly SqliteCommand parkedDue;
    private readonly SqliteCommand deadLetterIds;
    private readonly SqliteCommand scheduled;
    private readonly SqliteCommand dueMessages;

    public DatabaseObserver(string path, TableNames names)
    {
        connection = new SqliteConnection(DatabaseFile.ConnectionString(path));
        connection.Open();
        leases = names.Lease;
        var outbox = names.Outbox;
        messages = Command(
            $"SELECT {outbox.Id}, {outbox.Destination}, {outbox.MessageId}, {outbox.Type}, {outbox.Key}, {outbox.Headers}, {outbox.Body} " +
            $"FROM {outbox.Table} WHERE {outbox.Id} > @last ORDER BY {outbox.Id}");
        claims = Command($"SELECT rowid, {names.Claim.Endpoint}, {names.Claim.MessageId} FROM {names.Claim.Table} WHERE rowid > @last ORDER BY rowid");
        var ids = names.StreamIds;
        remembered = Command($"SELECT {ids.Id}, {ids.Endpoint}, {ids.Ids} FROM {ids.Table} WHERE {ids.Id} > @last ORDER BY {ids.Id}");
        lastRemembered = Query($"SELECT coalesce(max({ids.Id}), 0) FROM {ids.Table}");
        var letter = names.DeadLetter;
        deadLetters = Command(
            $"SELECT rowid, {letter.Endpoint}, {letter.MessageId}, {letter.Type}, {letter.Key}, {letter.Headers}, {letter.Body}, {letter.Reason}, {letter.Failure}, {letter.Attempts} " +
            $"FROM {letter.Table} WHERE rowid > @last ORDER BY rowid");
        parked = Query($"SELECT {names.Parked.Endpoint}, {names.Parked.MessageId} FROM {names.Parked.Table}");
        deadLetterIds = Query($"SELECT {letter.Endpoint}, {letter.MessageId} FROM {letter.Table}");
        parkedDue = Query($"SELECT EXISTS (SELECT 1 FROM {names.Parked.Table} WHERE {names.Parked.DueAt} <= @until)");
        parkedDue.Parameters.AddWithValue("@until", DateTime.MinValue);
        lastClaim = Query($"SELECT coalesce(max(rowid), 0) FROM {names.Claim.Table}");
        lastDeadLetter = Query($"SELECT coalesce(max(rowid), 0) FROM {letter.Table}");
        waiting = Query($"SELECT EXISTS (SELECT 1 FROM {outbox.Table})");
        stored = Query(
            $"SELECT EXISTS (SELECT 1 FROM {outbox.Table} WHERE {outbox.MessageId} = @id) OR EXISTS (SELECT 1 FROM {names.Parked.Table} WHERE {names.Parked.MessageId} = @id)");
        stored.Parameters.AddWithValue("@id", Guid.Empty);
        var saga = names.Saga;
        instances = Query($"SELECT {saga.Id}, {saga.Definition}, {saga.Correlation}, {saga.Revision}, {saga.HistoryLength}, {saga.Status} FROM {saga.Table}");
        history = Command($"SELECT rowid, {names.SagaHistory.SagaId}, {names.SagaHistory.Sequence} FROM {names.SagaHistory.Table} WHERE rowid > @last ORDER BY rowid");
        lastHistory = Query($"SELECT coalesce(max(rowid), 0) FROM {names.SagaHistory.Table}");
        due = Query($"SELECT EXISTS (SELECT 1 FROM {saga.Table} WHERE {saga.DueAt} <= @until)");
        due.Parameters.AddWithValue("@until", DateTime.MinValue);
        var schedule = names.Schedule;
        scheduled = Query($"SELECT {schedule.Id}, {schedule.MessageId}, {schedule.Destination}, {schedule.Key}, {schedule.DueAt} FROM {schedule.Table}");
        dueMessages = Query($"SELECT EXISTS (SELECT 1 FROM {schedule.Table} WHERE {schedule.DueAt} <= @until)");
        dueMessages.Parameters.AddWithValue("@until", DateTime.MinValue);
    }

    /// <summary>Which leases somebody has at that time.</summary>
    public List<string> ReadLeases(DateTime now)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {leases.Name} FROM {leases.Table} WHERE {leases.Owner} IS NOT NULL AND {leases.ExpiresAt} > @now ORDER BY {leases.Name}";
        command.Parameters.AddWithValue("@now", now);
        using var reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    /// <summary>Whether no message waits to be sent.</summary>
    public bool IsDrained => (long)waiting.ExecuteScalar()! == 0;

    /// <summary>Whether the message waits to be sent, or to be tried again.</summary>
    public bool Stores(Guid messageId)
    {
        stored.Parameters[0].Value = messageId;
        return (long)stored.ExecuteScalar()! != 0;
    }

    public List<(string Destination, MessageEnvelope Envelope)> ReadNewMessages()
        => ReadNew(messages, static row => (
            row.GetString(1),
            EnvelopeHeaders.Read(row.GetGuid(2), row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4), row.GetString(5), row.GetFieldValue<byte[]>(6))));

    /// <summary>What has been claimed, or is remembered with a position instead.</summary>
    public List<(string Endpoint, Guid MessageId)> ReadNewClaims()
    {
        var positions = ReadNew(remembered, static row => (Endpoint: row.GetString(1), Ids: row.GetFieldValue<byte[]>(2)), lastRemembered);
        return [.. ReadNew(claims, static row => (row.GetString(1), row.GetGuid(2)), lastClaim)
            .Concat(positions.SelectMany(position => PackedIds.Unpack(position.Ids), (position, id) => (position.Endpoint, id))).Distinct()];
    }

    public List<DeadLetter> ReadNewDeadLetters() => ReadNew(deadLetters, static row => new DeadLetter
    {
        Endpoint = row.GetString(1),
        MessageId = row.GetGuid(2),
        Type = row.GetString(3),
        Key = row.IsDBNull(4) ? null : row.GetString(4),
        Headers = row.GetString(5),
        Body = row.GetFieldValue<byte[]>(6),
        Reason = row.GetString(7),
        Failure = row.IsDBNull(8) ? null : row.GetString(8),
        Attempts = row.GetInt32(9),
    }, lastDeadLetter);

    /// <summary>The stored instances of sagas and process managers, all of them.</summary>
    public List<InstanceRow> ReadInstances()
    {
        using var reader = instances.ExecuteReader();
        var rows = new List<InstanceRow>();
        while (reader.Read())
        {
            rows.Add(new(reader.GetGuid(0), reader.GetString(1), reader.GetString(2), reader.GetInt32(3), reader.GetInt32(4), Enum.Parse<SagaStatus>(reader.GetString(5))));
        }

        return rows;
    }

    /// <summary>What has been added to the histories of instances.</summary>
    public List<(Guid Instance, int Sequence)> ReadNewHistory() => ReadNew(history, static row => (row.GetGuid(1), row.GetInt32(2)), lastHistory);

    /// <summary>Whether an instance has a timeout that falls due until then.</summary>
    public bool HasTimeout(DateTime until)
    {
        due.Parameters[0].Value = until;
        return (long)due.ExecuteScalar()! != 0;
    }

    /// <summary>What is parked.</summary>
    public HashSet<(string Endpoint, Guid MessageId)> ReadParked() => ReadIds(parked);

    /// <summary>What is in the dead letters.</summary>
    public HashSet<(string Endpoint, Guid MessageId)> ReadDeadLetterIds() => ReadIds(deadLetterIds);

    /// <summary>Whether a parked message is to be tried until then.</summary>
    public bool HasParked(DateTime until)
    {
        parkedDue.Parameters[0].Value = until;
        return (long)parkedDue.ExecuteScalar()! != 0;
    }

    /// <summary>The messages that wait to fall due, all of them.</summary>
    public List<ScheduledMessage> ReadScheduled()
    {
        using var reader = scheduled.ExecuteReader();
        var rows = new List<ScheduledMessage>();
        while (reader.Read())
        {
            rows.Add(new(reader.GetInt64(0), reader.GetGuid(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3), reader.GetDateTime(4)));
        }

        return rows;
    }

    /// <summary>Whether a message waits that falls due until then.</summary>
    public bool HasScheduled(DateTime until)
    {
        dueMessages.Parameters[0].Value = until;
        return (long)dueMessages.ExecuteScalar()! != 0;
    }

    public void Dispose()
    {
        parked.Dispose();
        parkedDue.Dispose();
        deadLetterIds.Dispose();
        scheduled.Dispose();
        dueMessages.Dispose();
        instances.Dispose();
        history.Dispose();
        lastHistory.Dispose();
        due.Dispose();
        messages.Dispose();
        claims.Dispose();
        remembered.Dispose();
        lastRemembered.Dispose();
        deadLetters.Dispose();
        lastClaim.Dispose();
        lastDeadLetter.Dispose();
        waiting.Dispose();
        stored.Dispose();
        connection.Dispose();
    }

    private static HashSet<(string Endpoint, Guid MessageId)> ReadIds(SqliteCommand command)
    {
        using var reader = command.ExecuteReader();
        var ids = new HashSet<(string, Guid)>();
        while (reader.Read())
        {
            ids.Add((reader.GetString(0), reader.GetGuid(1)));
        }

        return ids;
    }

    private SqliteCommand Query(string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    private SqliteCommand Command(string sql)
    {
        var command = Query(sql);
        command.Parameters.AddWithValue("@last", 0L);
        return command;
    }

    /// <param name="command">Reads the rows after the last one.</param>
    /// <param name="read">Reads a row.</param>
    /// <param name="findLast">For tables whose rows are deleted and then numbered anew: finds the last one there is.</param>
    private static List<T> ReadNew<T>(SqliteCommand command, Func<SqliteDataReader, T> read, SqliteCommand? findLast = null)
    {
        var rows = new List<T>();
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                command.Parameters[0].Value = reader.GetInt64(0);
                rows.Add(read(reader));
            }
        }

        if (rows.Count == 0 && findLast is not null)
        {
            command.Parameters[0].Value = findLast.ExecuteScalar();
        }

        return rows;
    }
}
