using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// <see cref="Latency"/> where another host publishes than relays and handles, as in two processes: nobody in the one that relays knows of a commit. So
/// this is how long it takes to notice. The floor is the same. The messages of the first second do not count: until then it looks each second.
/// </summary>
internal sealed class LatencyForeign : IScenario
{
    private const int FirstSecond = 50;

    private readonly Latency inOneHost = new();

    public string Name => "latency-foreign";

    public string Unit => inOneHost.Unit;

    public int DefaultRounds => inOneHost.DefaultRounds;

    public int DefaultMessages(DatabaseKind database) => inOneHost.DefaultMessages(database);

    public async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        var tally = new Tally(run.Messages);
        await using var publisher = await ShopHost.CreatePublisherAsync(database);
        await using var shop = await ShopHost.CreateAsync<InvoiceHandler>(database, tally);
        return await Latency.MeasureAsync(run, tally, publisher, shop, FirstSecond);
    }

    public Task<Sample> MeasureFloorAsync(Run run) => inOneHost.MeasureFloorAsync(run);
}
