using Messaging.Toolkit.Benchmarks.Brokers;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// Process managers that need three events each, from a full queue of a broker: from the start of the host until it has stopped with everything
/// committed and acknowledged. Floor: three plain transactions for each, of as many rows (claim, instance, two of history), by 8 workers, without a broker. It does not share commits.
/// </summary>
internal sealed class RunProcesses(string transport) : IScenario
{
    private const int RowsOfEvent = 4;

    public string Name => "saga";

    public string Transport => transport;

    public string Unit => "sagas/s";

    public int DefaultMessages(DatabaseKind database) => 5 * OrderPlaced.Customers;

    public bool RunsOn(DatabaseKind database) => database == DatabaseKind.Postgres;

    public async Task<Sample> MeasureAsync(Run run)
    {
        Check.Equal(0, run.Messages % OrderPlaced.Customers, "sagas more than full thousands, which --messages must be");
        var events = ThreeOrders.Events * run.Messages;
        await using var database = await run.CreateDatabaseAsync();
        await using var broker = await BenchmarkBroker.CreateAsync(transport);
        await (await broker.PrepareToSendAsync(events))();
        var tally = new Tally(events);
        await using var shop = await ShopHost.CreateProcessesAsync(database, tally, broker);
        var sample = await run.MeasureAsync(async () =>
        {
            await shop.StartAsync();
            await tally.AllHandledAsync();
            await shop.StopAsync();
        });
        tally.Verify();
        await shop.VerifyAsync(claims: events);
        await shop.VerifySagasAsync(completed: run.Messages, entriesOfHistory: (RowsOfEvent - 2) * events);
        await broker.VerifyEmptyAsync();
        return sample;
    }

    public async Task<Sample> MeasureFloorAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await ShopHost.CreatePlainAsync(database);
        var sample = await run.MeasureAsync(() => Workers.RunAsync(run.Messages, async number =>
        {
            for (var each = 0; each < ThreeOrders.Events; each++)
            {
                await shop.WriteRowsAsync(number, RowsOfEvent);
            }
        }));
        await shop.VerifyAsync(invoices: run.Messages * ThreeOrders.Events * RowsOfEvent);
        return sample;
    }
}
