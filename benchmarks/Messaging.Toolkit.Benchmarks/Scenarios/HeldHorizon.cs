using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// An old transaction keeps vacuum from removing 200,000 deleted rows at the front of the outbox, and everything that is deleted during the run. Floor: the
/// same without the transaction and without those rows.
/// </summary>
/// <param name="isLive">
/// Whether messages are published while they are relayed, so that the outbox is read a few rows at a time; otherwise it is full when the host starts.
/// </param>
internal sealed class HeldHorizon(bool isLive = false) : IScenario
{
    private const int DeadRows = 200_000;

    public string Name => isLive ? "held-horizon-live" : "held-horizon";

    public bool RunsOn(DatabaseKind database) => database == DatabaseKind.Postgres;

    public string Unit => "msg/s";

    public int DefaultMessages(DatabaseKind database) => isLive ? 10_000 : 100_000;

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await OutboxFiller.PrepareAsync(database);
        await using var old = await OldTransaction.BeginAsync(database);
        await LeaveDeadRowsAsync(database);
        return await MeasureAsync(run, database);
    }

    public async Task<Sample> MeasureFloorAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await OutboxFiller.PrepareAsync(database);
        return await MeasureAsync(run, database);
    }

    private async Task<Sample> MeasureAsync(Run run, BenchmarkDatabase database)
    {
        if (!isLive)
        {
            await using var connection = await database.OpenAsync();
            await OutboxFiller.FillAsync(connection, run.Messages);
        }

        var tally = new Tally(run.Messages);
        await using var shop = await ShopHost.CreateAsync<NoopHandler>(database, tally);
        var sample = await run.MeasureAsync(async () =>
        {
            await shop.StartAsync();
            await (isLive ? Workers.RunAsync(run.Messages, shop.PlaceOrderAndPublishAsync) : Task.CompletedTask);
            await tally.AllHandledAsync();
            await shop.WaitUntilOutboxIsEmptyAsync();
        });
        await shop.StopAsync();
        tally.Verify();
        await shop.VerifyAsync(orders: isLive ? run.Messages : 0, claims: run.Messages);
        return sample;
    }

    private static async Task LeaveDeadRowsAsync(BenchmarkDatabase database)
    {
        await using (var connection = await database.OpenAsync())
        {
            await OutboxFiller.FillAsync(connection, DeadRows);
        }

        const string Size = "SELECT pg_relation_size('messaging_outbox')";
        var full = await database.CountAsync(Size);
        await database.ExecuteAsync("DELETE FROM messaging_outbox");
        await database.ExecuteAsync("VACUUM (ANALYZE) messaging_outbox");
        Check.Equal(full, await database.CountAsync(Size), "bytes of deleted rows that vacuum had to leave");
    }
}
