using System.Diagnostics;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// What a process finds that comes back after a long outage: a million messages, and a handler that does nothing, from the start of the host
/// until the outbox is empty. Floor: the same with 50,000, so that the ratio says what the size costs.
/// </summary>
internal sealed class Backlog : IScenario
{
    private const int FewMessages = 50_000;

    private const int Parts = 10;

    public string Name => "backlog";

    public bool RunsOn(DatabaseKind database) => database == DatabaseKind.Postgres;

    public string Unit => "msg/s";

    public int DefaultRounds => 3;

    public int DefaultMessages(DatabaseKind database) => 1_000_000;

    public Task<Sample> MeasureAsync(Run run) => DrainAsync(run);

    public Task<Sample> MeasureFloorAsync(Run run) => DrainAsync(run.WithMessages(Math.Min(FewMessages, run.Messages)));

    private static async Task<Sample> DrainAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await OutboxFiller.FillAsync(database, run.Messages);
        var tally = new Tally(run.Messages);
        await using var shop = await ShopHost.CreateAsync<NoopHandler>(database, tally);
        await using var memory = MemoryWatch.Begin();
        var started = 0L;
        var sample = await run.MeasureAsync(async () =>
        {
            started = Stopwatch.GetTimestamp();
            await shop.StartAsync();
            await tally.AllHandledAsync();
            await shop.WaitUntilOutboxIsEmptyAsync();
        });
        await shop.StopAsync();
        tally.Verify();
        await shop.VerifyAsync(claims: run.Messages);
        var handledAt = Enumerable.Range(0, run.Messages).Select(tally.StartedAt).Order().ToArray();
        return sample with { Extra = Describe(started, handledAt, memory) };
    }

    private static Dictionary<string, double> Describe(long started, long[] handledAt, MemoryWatch memory)
    {
        var ends = Enumerable.Range(0, Parts + 1).Select(part => handledAt[(int)((handledAt.Length - 1L) * part / Parts)]).ToArray();
        var rates = ends.Zip(ends.Skip(1), (begin, end) => handledAt.Length / (double)Parts / Stopwatch.GetElapsedTime(begin, end).TotalSeconds).ToArray();
        var extra = new Dictionary<string, double>
        {
            ["first_ms"] = Stopwatch.GetElapsedTime(started, handledAt[0]).TotalMilliseconds,
            ["flatness"] = rates.Min() / rates.Max(),
            ["peak_heap_mb"] = memory.PeakHeapMegabytes,
            ["peak_live_mb"] = memory.PeakLiveMegabytes,
            ["peak_working_set_mb"] = memory.PeakWorkingSetMegabytes,
        };
        for (var part = 0; part < Parts; part++)
        {
            extra[$"tenth_{part + 1}"] = rates[part];
        }

        return extra;
    }
}
