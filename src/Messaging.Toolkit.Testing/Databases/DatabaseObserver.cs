using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Messages;
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
    private readonly SqliteCommand waiting;

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
        deadLetters = Command(
            $"SELECT rowid, {names.DeadLetter.Endpoint}, {names.DeadLetter.MessageId} FROM {names.DeadLetter.Table} WHERE rowid > @last ORDER BY rowid");
        waiting = connection.CreateCommand();
        waiting.CommandText = $"SELECT EXISTS (SELECT 1 FROM {outbox.Table})";
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

    public List<(string Destination, MessageEnvelope Envelope)> ReadNewMessages()
        => ReadNew(messages, static row => (
            row.GetString(1),
            EnvelopeHeaders.Read(row.GetGuid(2), row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4), row.GetString(5), row.GetFieldValue<byte[]>(6))));

    public List<(string Endpoint, Guid MessageId)> ReadNewClaims() => ReadNew(claims, static row => (row.GetString(1), row.GetGuid(2)));

    public List<(string Endpoint, Guid MessageId)> ReadNewDeadLetters() => ReadNew(deadLetters, static row => (row.GetString(1), row.GetGuid(2)));

    public void Dispose()
    {
        messages.Dispose();
        claims.Dispose();
        deadLetters.Dispose();
        waiting.Dispose();
        connection.Dispose();
    }

    private SqliteCommand Command(string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("@last", 0L);
        return command;
    }

    private static List<T> ReadNew<T>(SqliteCommand command, Func<SqliteDataReader, T> read)
    {
        var rows = new List<T>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            command.Parameters[0].Value = reader.GetInt64(0);
            rows.Add(read(reader));
        }

        return rows;
    }
}
