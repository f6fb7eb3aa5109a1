using System.Data.Common;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Processes;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// Four processes on one database, their shares of the outbox settled and their code compiled: from the commit of all messages at once until the
/// outbox is empty, each handled by writing a row. Floor: one process. There are as many workers in all; what it costs to have as many in each of the processes
/// is measured beside it.
/// </summary>
internal sealed class ScaleOut : IScenario
{
    private const int Processes = 4;

    /// <summary>Handled before by each process, so that its code is compiled.</summary>
    private const int WarmUp = 20_000;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    public string Name => "scale-out";

    public bool RunsOn(DatabaseKind database) => database == DatabaseKind.Postgres;

    public string Unit => "msg/s";

    public int DefaultRounds => 3;

    public int DefaultMessages(DatabaseKind database) => 50_000;

    public async Task<Sample> MeasureAsync(Run run)
    {
        var two = await MeasureAsync(run, processes: 2, Workers.Count / 2);
        var crowd = await MeasureAsync(run, Processes, Workers.Count);
        var four = await MeasureAsync(run, Processes, Workers.Count / Processes);
        return four with { Extra = new Dictionary<string, double> { ["two_processes"] = two.Value, ["four_with_all_workers_each"] = crowd.Value } };
    }

    public Task<Sample> MeasureFloorAsync(Run run) => MeasureAsync(run, processes: 1, Workers.Count);

    private static async Task<Sample> MeasureAsync(Run run, int processes, int concurrency)
    {
        await using var database = await run.CreateDatabaseAsync();
        await OutboxFiller.PrepareAsync(database);
        var warmUp = WarmUp * processes;
        var total = warmUp + run.Messages;
        await using var children = await ChildProcesses.StartAsync(processes, ChildTasks.Work, database.Name, $"{total}", $"{concurrency}");
        await WaitUntilSharedAsync(database, processes);
        await using var connection = await database.OpenAsync();
        await DrainAsync(connection, warmUp, first: 0, drain => drain());

        Sample? sample = null;
        await DrainAsync(connection, run.Messages, first: warmUp, async drain => sample = await run.MeasureAsync(drain));
        await children.StopAsync();
        await VerifyAsync(database, total);
        return sample!;
    }

    /// <summary>Writes messages that nobody sees yet; their commit and what follows it until all are gone is what is measured.</summary>
    private static async Task DrainAsync(DbConnection connection, int messages, int first, Func<Func<Task>, Task> measure)
    {
        await connection.ExecuteAsync("BEGIN");
        await OutboxFiller.FillAsync(connection, messages, first);
        await measure(async () =>
        {
            await connection.ExecuteAsync("COMMIT");
            // To count the rows, again and again, would take from what is measured.
            await WaitUntilAsync(() => connection.CountAsync("""SELECT last_value FROM "Invoices_Id_seq" """), last => last >= first + messages);
            await WaitUntilAsync(() => connection.CountAsync("SELECT count(*) FROM messaging_outbox"), left => left == 0);
        });
    }

    /// <summary>Each process holds its share of the 64 buckets.</summary>
    private static Task WaitUntilSharedAsync(BenchmarkDatabase database, int processes) => WaitUntilAsync(
        () => database.CountAsync($"SELECT count(*) FROM (SELECT FROM messaging_lease WHERE name LIKE 'bucket%' GROUP BY owner HAVING count(*) = 64 / {processes}) AS share"),
        sharing => sharing == processes);

    private static async Task WaitUntilAsync(Func<Task<long>> count, Func<long, bool> isReached)
    {
        using var timer = new PeriodicTimer(PollInterval);
        using var limit = new CancellationTokenSource(Tally.Patience);
        while (!isReached(await count()))
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    /// <summary>Ids of rows are drawn while a message of that customer is handled, and by one process at a time: they show the order.</summary>
    private static async Task VerifyAsync(BenchmarkDatabase database, int total)
    {
        await using var shop = await ShopHost.CreatePlainAsync(database);
        await shop.VerifyAsync(invoices: total, claims: total);
        var disorders = """SELECT count(*) FROM (SELECT "Number" - lag("Number") OVER (PARTITION BY "Customer" ORDER BY "Id") AS step FROM "Invoices") AS of_customer WHERE step <= 0""";
        Check.Equal(0, await database.CountAsync(disorders), "messages out of their key's order or handled again");
    }
}
