using System.Data.Common;
using Messaging.Toolkit.Benchmarks.Databases;

namespace Messaging.Toolkit.Benchmarks.Shop;

/// <summary>
/// Fills the outbox faster than by publishing: PostgreSQL copies messages that the toolkit has published, one of each key, because the
/// bucket of a key is the toolkit's own secret.
/// </summary>
internal static class OutboxFiller
{
    /// <summary>Has the table that is copied from, and leaves the outbox empty.</summary>
    public static async Task PrepareAsync(BenchmarkDatabase database)
    {
        await using var publisher = await ShopHost.CreatePublisherAsync(database);
        await publisher.PublishManyAsync(OrderPlaced.Customers);
        await database.ExecuteAsync(
            """
            CREATE TABLE template AS SELECT *, partition_key::int AS customer, convert_from(body, 'UTF8') AS text FROM messaging_outbox;
            TRUNCATE messaging_outbox;
            ANALYZE template;
            """);
    }

    /// <summary>Inserts messages, ids of the rows in the order of their numbers.</summary>
    public static Task FillAsync(DbConnection connection, int messages, int first = 0) => connection.ExecuteAsync(
        $"""
         INSERT INTO messaging_outbox (message_id, destination, bucket, partition_key, type, headers, body, created_at)
         SELECT {GeneratedIds.Version7("clock_timestamp()", "n")}, destination, bucket, partition_key, type, headers,
                convert_to(replace(text, format('"number":%s,', customer), format('"number":%s,', n)), 'UTF8'), clock_timestamp()
         FROM generate_series({first}, {first + messages - 1}) AS n JOIN template ON customer = n % {OrderPlaced.Customers} ORDER BY n
         """);

    /// <summary>As <see cref="FillAsync(DbConnection,int,int)"/>, in a transaction of its own, of a database that nothing is known of yet.</summary>
    public static async Task FillAsync(BenchmarkDatabase database, int messages)
    {
        await PrepareAsync(database);
        await using var connection = await database.OpenAsync();
        await FillAsync(connection, messages);
    }
}
