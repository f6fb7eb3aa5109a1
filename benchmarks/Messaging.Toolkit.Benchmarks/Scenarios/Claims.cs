using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// As <c>drain</c>, with millions of claims of the last six days: as many messages were handled before, and a claim must not get slower with them. Floor:
/// the same with none. The rows are written once for all rounds, because that takes longer than anything else.
/// </summary>
internal sealed class Claims : IScenario, IAsyncDisposable
{
    private const int DefaultClaims = 5_000_000;

    private const int PerStatement = 1_000_000;

    private BenchmarkDatabase? filled;

    public string Name => "claims";

    public bool RunsOn(DatabaseKind database) => database == DatabaseKind.Postgres;

    public string Unit => "msg/s";

    public int DefaultRounds => 3;

    public int DefaultMessages(DatabaseKind database) => 50_000;

    public async Task<Sample> MeasureAsync(Run run)
    {
        filled ??= await FillAsync(run);
        return await DrainAsync(run, filled);
    }

    public async Task<Sample> MeasureFloorAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await OutboxFiller.PrepareAsync(database);
        return await DrainAsync(run, database);
    }

    public ValueTask DisposeAsync() => filled?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<Sample> DrainAsync(Run run, BenchmarkDatabase database)
    {
        var claims = (int)await database.CountAsync("SELECT count(*) FROM messaging_claim");
        await using (var connection = await database.OpenAsync())
        {
            await OutboxFiller.FillAsync(connection, run.Messages);
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
        await shop.VerifyAsync(claims: claims + run.Messages);
        return sample with { Extra = new Dictionary<string, double> { ["claims"] = claims } };
    }

    private static async Task<BenchmarkDatabase> FillAsync(Run run)
    {
        var database = await run.CreateDatabaseAsync();
        await OutboxFiller.PrepareAsync(database);
        var claims = run.Claims ?? DefaultClaims;
        for (var first = 0; first < claims; first += PerStatement)
        {
            var count = Math.Min(PerStatement, claims - first);
            await database.ExecuteAsync(
                $"""
                 INSERT INTO messaging_claim (endpoint, message_id, claimed_at)
                 SELECT '{ShopHost.Endpoint}', {GeneratedIds.Version7("at", "n")}, at
                 FROM (SELECT n, now() - interval '6 days' * (1 - n / {claims}::float) AS at FROM generate_series({first}, {first + count - 1}) AS n) AS handled
                 """);
        }

        await database.ExecuteAsync("VACUUM (ANALYZE) messaging_claim");
        await database.ExecuteAsync("CHECKPOINT");
        return database;
    }
}
