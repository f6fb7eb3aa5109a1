using Messaging.Toolkit.Benchmarks.Shop;
using Npgsql;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>
/// Handles a message by one statement, which commits itself: that it was handled, and the invoice if it was not before. What it does not guarantee: order, retries
/// and dead letters, for all of which see <see cref="HandWrittenQueue"/>; a handler that reads, decides, and writes several rows does not fit into one statement;
/// and the table of handled messages grows until somebody deletes from it.
/// </summary>
internal sealed class HandWrittenSqlConsumer(HandWrittenShop shop)
{
    private const string Insert = """
        WITH claim AS (INSERT INTO "Handled" ("MessageId", "HandledAt") VALUES ($1, now()) ON CONFLICT DO NOTHING RETURNING 1)
        INSERT INTO "Invoices" ("Customer", "Number") SELECT $2, $3 FROM claim
        """;

    /// <summary>That it was handled, in a transaction that is open while something is done with it.</summary>
    public async Task ClaimAsync(Guid messageId, Action handle)
    {
        await using var connection = await shop.Connections.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync(); // Sent with the statement that follows.
        await using var command = new NpgsqlCommand("""INSERT INTO "Handled" ("MessageId", "HandledAt") VALUES ($1, now()) ON CONFLICT DO NOTHING""", connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = messageId });
        await command.ExecuteNonQueryAsync();
        handle();
        await transaction.CommitAsync();
    }

    public async Task HandleAsync(Guid messageId, OrderPlaced order)
    {
        await using var command = shop.Connections.CreateCommand(Insert);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = messageId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = order.Customer });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = order.Number });
        await command.ExecuteNonQueryAsync();
    }
}
