using System.Data.Common;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// A full outbox and a handler that does nothing: from the start of the host until the outbox is empty. Floor: as many
/// claims, 32 in each statement and transaction, by plain ADO.NET.
/// </summary>
internal sealed class Drain : IScenario
{
    private const int ClaimsPerTransaction = 32;

    public string Name => "drain";

    public string Unit => "msg/s";

    public int DefaultMessages(DatabaseKind database) => database == DatabaseKind.Sqlite ? 20_000 : 50_000;

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using (var publisher = await ShopHost.CreatePublisherAsync(database))
        {
            await publisher.PublishManyAsync(run.Messages);
        }

        var tally = new Tally(run.Messages);
        await using var shop = await ShopHost.CreateAsync<NoopHandler>(database, tally);
        var sample = await run.MeasureAsync(async () =>
        {
            await shop.StartAsync();
            await tally.AllHandledAsync();
            await shop.WaitUntilOutboxIsEmptyAsync();
        });
        await shop.StopAsync();
        tally.Verify();
        await shop.VerifyAsync(claims: run.Messages);
        return sample;
    }

    public async Task<Sample> MeasureFloorAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await ShopHost.CreatePlainAsync(database);
        var transactions = (run.Messages + ClaimsPerTransaction - 1) / ClaimsPerTransaction;
        var sample = await run.MeasureAsync(() => Workers.RunAsync(
            transactions, number => ClaimAsync(database, Math.Min(ClaimsPerTransaction, run.Messages - (number * ClaimsPerTransaction)))));
        await shop.VerifyAsync(claims: run.Messages);
        return sample;
    }

    private static async Task ClaimAsync(BenchmarkDatabase database, int count)
    {
        await using var connection = database.CreateConnection();
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO messaging_claim (endpoint, message_id, claimed_at) VALUES "
                              + string.Join(", ", Enumerable.Range(0, count).Select(i => $"('billing', @m{i}, CURRENT_TIMESTAMP)"));
        for (var i = 0; i < count; i++)
        {
            AddParameter(command, $"@m{i}", Guid.CreateVersion7());
        }

        await command.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
    }

    private static void AddParameter(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
