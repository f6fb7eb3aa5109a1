using Npgsql;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>
/// Sends what is in the outbox, a batch of rows in each transaction: it locks them, hands them to the one who delivers, marks them with one UPDATE
/// when all are delivered, and commits. What it does not guarantee: order, of a key or otherwise, since another relay skips what this one has locked, and a
/// row whose transaction commits late comes after younger ones; that a message which cannot be sent does not hold up the batch it is in; retries; a transaction
/// that is short when the broker is slow. A batch that was sent when the process ends is sent again. Rows that were sent stay until somebody deletes them.
/// </summary>
/// <param name="connections">To the database.</param>
/// <param name="deliver">Returns when all messages of the batch are where they should be.</param>
/// <param name="loops">How many batches are under way at once: with two, one is read or marked while the other is on its way.</param>
internal sealed class HandWrittenRelay(NpgsqlDataSource connections, Func<IReadOnlyList<OutboxMessage>, Task> deliver, int loops = 1)
{
    private const string Select = """SELECT "Id", "MessageId", "Type", "Payload" FROM "Outbox" WHERE "SentAt" IS NULL ORDER BY "Id" LIMIT 1000 FOR UPDATE SKIP LOCKED""";
    private const string Update = """UPDATE "Outbox" SET "SentAt" = now() WHERE "Id" = ANY ($1)""";

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim woken = new(0);

    /// <summary>Says that there is something to send, so that nobody has to wait for the next poll.</summary>
    public void Wake()
    {
        if (woken.CurrentCount == 0)
        {
            woken.Release();
        }
    }

    /// <summary>Relays until some work is done. The relay's error is that of the work.</summary>
    public async Task RunWhileAsync(Func<Task> work)
    {
        using var stopping = new CancellationTokenSource();
        var relaying = Enumerable.Range(0, loops).Select(_ => RunAsync(stopping.Token)).ToList();
        await await Task.WhenAny(relaying.Append(work()));
        await stopping.CancelAsync();
        woken.Release(loops);
        await Task.WhenAll(relaying);
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            if (await RelayBatchAsync() == 0)
            {
                await woken.WaitAsync(PollInterval, CancellationToken.None);
            }
        }
    }

    /// <summary>Relays what waits, a batch at most. How many that were.</summary>
    public async Task<int> RelayBatchAsync()
    {
        await using var connection = await connections.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var batch = await LockAsync(connection);
        if (batch.Count > 0)
        {
            await deliver(batch);
            await MarkAsync(connection, batch);
            await transaction.CommitAsync();
        }

        return batch.Count;
    }

    private static async Task<List<OutboxMessage>> LockAsync(NpgsqlConnection connection)
    {
        var batch = new List<OutboxMessage>();
        await using var command = new NpgsqlCommand(Select, connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            batch.Add(new OutboxMessage { Id = reader.GetInt64(0), MessageId = reader.GetGuid(1), Type = reader.GetString(2), Payload = reader.GetFieldValue<byte[]>(3) });
        }

        return batch;
    }

    private static async Task MarkAsync(NpgsqlConnection connection, List<OutboxMessage> batch)
    {
        await using var command = new NpgsqlCommand(Update, connection);
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. batch.Select(message => message.Id)] });
        await command.ExecuteNonQueryAsync();
    }
}
