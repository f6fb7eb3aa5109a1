using System.Diagnostics;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// A host that relays and handles, and that nothing comes to, for as many seconds as there would be messages: statements per second, and how much of
/// one processor it takes. Without the toolkit there would be none, so the floor is what is aimed at, and no measurement.
/// </summary>
internal sealed class Idle : IScenario
{
    private const double StatementsAimedAt = 2;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    public string Name => "idle";

    public bool RunsOn(DatabaseKind database) => database == DatabaseKind.Postgres;

    public string Unit => "statements/s";

    public int DefaultRounds => 1;

    public int DefaultMessages(DatabaseKind database) => 30;

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await ShopHost.CreateAsync<NoopHandler>(database, new Tally(0));
        await shop.StartAsync();
        await Task.Delay(Settling);
        using var counter = StatementCounter.For(DatabaseKind.Postgres)!;
        using var process = Process.GetCurrentProcess();
        var (before, started) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
        var sample = await run.MeasureAsync(() => Task.Delay(TimeSpan.FromSeconds(run.Messages)));
        process.Refresh();
        var (seconds, busy) = (Stopwatch.GetElapsedTime(started).TotalSeconds, process.TotalProcessorTime - before);
        var statements = counter.Count / seconds;
        await shop.StopAsync();
        await shop.VerifyAsync();
        return sample with { Value = statements, Extra = new Dictionary<string, double> { ["cpu_percent"] = busy.TotalSeconds / seconds * 100 } };
    }

    public Task<Sample> MeasureFloorAsync(Run run) => Task.FromResult(new Sample(StatementsAimedAt, BytesPerMessage: 0, StatementsPerMessage: null));
}
