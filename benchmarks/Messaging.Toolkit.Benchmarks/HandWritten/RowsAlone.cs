using System.Data.Common;
using System.Threading.Channels;
using Messaging.Toolkit.Benchmarks.Brokers;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;
using Npgsql;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>
/// What the database alone asks of a relay: the rows of a full outbox, as the toolkit has written them, are read in pages of 1,000, every column into an object, and deleted, on a connection each at the same time. Nobody sends
/// them. It guarantees nothing; it says how much of a relay's time is not the broker's.
/// </summary>
internal static class RowsAlone
{
    private const string Select = "SELECT id, message_id, destination, bucket, partition_key, type, headers, body FROM messaging_outbox WHERE destination = $1 AND id > $2 ORDER BY destination, id LIMIT 1000";
    private const int PagesBetween = 2;
    private const string Delete = "DELETE FROM messaging_outbox WHERE id = ANY ($1)";

    /// <summary>The scenario's own rows over the same transport, so that they have the same headers and bodies.</summary>
    public static async Task<Sample> MeasureAsync(Run run, string transport)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await BenchmarkBroker.CreateAsync(transport);
        await using var publisher = await ShopHost.CreatePublisherAsync(database, broker);
        await publisher.PublishManyAsync(run.Messages);
        await using var reading = (NpgsqlConnection)await database.OpenAsync();
        await using var deleting = (NpgsqlConnection)await database.OpenAsync();
        await reading.ExecuteAsync("SET enable_sort = off"); // As the toolkit does it: a table whose rows come and go has no statistics that would tell of the index.
        var destination = await DestinationAsync(reading);
        var pages = Channel.CreateBounded<List<Row>>(PagesBetween);
        var sample = await run.MeasureAsync(() => Task.WhenAll(ReadAllAsync(reading, destination, pages.Writer), DeleteAllAsync(deleting, pages.Reader)));
        await publisher.VerifyAsync();
        return sample;
    }

    private static async Task ReadAllAsync(NpgsqlConnection connection, string destination, ChannelWriter<List<Row>> pages)
    {
        for (var after = 0L; await ReadAsync(connection, destination, after) is { Count: > 0 } page; after = page[^1].Id)
        {
            await pages.WriteAsync(page);
        }

        pages.Complete();
    }

    private static async Task DeleteAllAsync(NpgsqlConnection connection, ChannelReader<List<Row>> pages)
    {
        await foreach (var page in pages.ReadAllAsync())
        {
            await DeleteAsync(connection, page);
        }
    }

    private static async Task<string> DestinationAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT DISTINCT destination FROM messaging_outbox", connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<List<Row>> ReadAsync(NpgsqlConnection connection, string destination, long after)
    {
        await using var command = new NpgsqlCommand(Select, connection) { Parameters = { new() { Value = destination }, new() { Value = after } } };
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
