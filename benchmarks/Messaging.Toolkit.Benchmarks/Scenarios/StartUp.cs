using System.Globalization;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Processes;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// The start of <see cref="LargeApplication"/> in new processes, whose code is not compiled yet: the median of as many as there would be messages.
/// Floor: the same application without the toolkit.
/// </summary>
internal sealed class StartUp : IScenario
{
    public string Name => "start-up";

    public bool RunsOn(DatabaseKind database) => database == DatabaseKind.Postgres;

    public string Unit => "ms";

    public int DefaultRounds => 3;

    public int DefaultMessages(DatabaseKind database) => 5;

    public Task<Sample> MeasureAsync(Run run) => MeasureAsync(run, withMessaging: true);

    public Task<Sample> MeasureFloorAsync(Run run) => MeasureAsync(run, withMessaging: false);

    private static async Task<Sample> MeasureAsync(Run run, bool withMessaging)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using (var shop = await ShopHost.CreatePlainAsync(database))
        {
            await shop.VerifyAsync();
        }

        var milliseconds = new List<double>();
        var sample = await run.MeasureAsync(async () =>
        {
            for (var start = 0; start < run.Messages; start++)
            {
                await using var child = ChildProcess.Start(ChildTasks.StartUp, database.Name, $"{withMessaging}");
                milliseconds.Add(double.Parse(await child.ReadLineAsync(), CultureInfo.InvariantCulture));
                await child.StopAsync();
            }
        });
        return sample with { Value = Median.Of(milliseconds) };
    }
}
