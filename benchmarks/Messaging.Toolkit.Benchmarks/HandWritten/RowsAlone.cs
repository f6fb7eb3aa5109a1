using System.Data.Common;
using Messaging.Toolkit.Benchmarks.Brokers;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;
using Npgsql;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>
/// What the database alone asks of a relay: the rows of a full outbox, as the toolkit has written them, are read in pages of 1,000, every column into an object, and deleted, one page after the other. Nobody sends
/// them. It guarantees nothing; it says how much of a relay's time is not the broker's.
/// </summary>
internal static class RowsAlone
{
    private const string Select = "SELECT id, message_id, destination, bucket, partition_key, type, headers, body FROM messaging_outbox WHERE destination = $1 ORDER BY destination, id LIMIT 1000";
    private const string Delete = "DELETE FROM messaging_outbox WHERE id = ANY ($1)";

    /// <summary>The scenario's own rows over the same transport, so that they have the same headers and bodies.</summary>
    public static async Task<Sample> MeasureAsync(Run run, string transport)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await BenchmarkBroker.CreateAsync(transport);
        await using var publisher = await ShopHost.CreatePublisherAsync(database, broker);
        await publisher.PublishManyAsync(run.Messages);
        await using var connection = (NpgsqlConnection)await database.OpenAsync();
        var destination = await DestinationAsync(connection);
        var relayed = 0;
        var sample = await run.MeasureAsync(async () =>
        {
            while (await ReadAsync(connection, destination) is { Count: > 0 } page)
            {
                await DeleteAsync(connection, page);
                relayed += page.Count;
            }
        });
        Check.Equal(run.Messages, relayed, "rows");
        await publisher.VerifyAsync();
        return sample;
    }

    private static async Task<string> DestinationAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT DISTINCT destination FROM messaging_outbox", connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<List<Row>> ReadAsync(NpgsqlConnection connection, string destination)
    {
        await using var command = new NpgsqlCommand(Select, connection) { Parameters = { new() { Value = destination } } };
        await using DbDataReader reader = await command.ExecuteReaderAsync();
        var page = new List<Row>(1000);
        while (await reader.ReadAsync())
        {
            page.Add(new Row(
                reader.GetInt64(0), reader.GetGuid(1), reader.GetString(2), reader.GetInt32(3), reader.IsDBNull(4) ? null : reader.GetString(4), reader.GetString(5), reader.GetString(6),
                reader.GetFieldValue<byte[]>(7)));
        }

        return page;
    }

    private static async Task DeleteAsync(NpgsqlConnection connection, List<Row> page)
    {
        await using var command = new NpgsqlCommand(Delete, connection) { Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. page.Select(row => row.Id)] } } };
        await command.ExecuteNonQueryAsync();
    }

    private sealed record Row(long Id, Guid MessageId, string Destination, int Bucket, string? Key, string Type, string Headers, byte[] Body);
}
