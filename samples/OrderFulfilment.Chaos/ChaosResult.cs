using Npgsql;
using OrderFulfilment.Chaos.Running;
using OrderFulfilment.Demo;
using OrderFulfilment.Demo.Orders;
using OrderFulfilment.Demo.Proving;
using OrderFulfilment.Demo.Running;

namespace OrderFulfilment.Chaos;

/// <summary>What came of a run.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Orders">How many orders are in the database.</param>
/// <param name="Handled">How many messages were handled.</param>
/// <param name="Faults">How many faults of each kind were injected.</param>
/// <param name="Findings">What the database says that should not be.</param>
/// <param name="Errors">What the processes logged.</param>
/// <param name="Problem">Why the run did not come to its end, if it did not.</param>
internal sealed record ChaosResult(
    ChaosOptions Options, int Orders, int Handled, IReadOnlyDictionary<string, int> Faults, IReadOnlyList<Finding> Findings, ErrorLog Errors, string? Problem)
{
    public bool IsGood => Problem is null && Findings.Count == 0 && Errors.UnexpectedCount == 0 && Handled > 0;

    /// <summary>Runs on a new database, and on new queues, which it drops if all is well.</summary>
    public static async Task<ChaosResult> OfAsync(ChaosOptions options, string folder, CancellationToken cancellationToken)
    {
        var database = ShopServers.NewDatabase("postgres", folder);
        var broker = options.HasBroker ? await ShopServers.NewBrokerAsync("rabbitmq") : null;
        string? problem = null;
        IReadOnlyDictionary<string, int> faults;
        IReadOnlyDictionary<Guid, Placement> accepted;
        IReadOnlyList<PlannedOrder> plan;
        ErrorLog errors;
        using (var run = new ChaosRun(options, database, broker, folder))
        {
            try
            {
                await run.RunAsync(cancellationToken);
            }
            catch (DemoException exception) when (run.Placements.Count > 0)
            {
                // What the database says is worth knowing all the more.
                problem = exception.Message;
            }

            (faults, accepted, plan, errors) = (run.Faults, run.Placements, run.Orders, run.Errors);
        }

        NpgsqlConnection.ClearAllPools(); // Of connections that a restart of the server has broken.
        var evidence = await database.ReadAsync(Evidence.ReadAsync);
        var result = new ChaosResult(options, evidence.Orders.Count, evidence.History.Count, faults, new Proof(evidence, accepted).Find(plan), errors, problem);
        if (result.IsGood)
        {
            await database.DropAsync();
            await (broker?.DropAsync() ?? Task.CompletedTask);
        }

        return result;
    }

    public void Show()
    {
        if (Problem is not null)
        {
            Console.WriteLine($"problem: {Problem}");
        }

        Finding.Show(Findings);
        foreach (var error in Errors.Unexpected)
        {
            Console.WriteLine($"error: {error}");
        }

        Console.WriteLine($"wrong={Count(FindingKind.Wrong)} unexpected-errors={Errors.UnexpectedCount} expected-errors={Errors.ExpectedCount}");
        Console.WriteLine($"faults: {string.Join(' ', Faults.OrderBy(fault => fault.Key, StringComparer.Ordinal).Select(fault => $"{fault.Key}={fault.Value}"))}");
        Console.WriteLine(
            $"chaos: minutes={Options.Length.TotalMinutes:0.##} orders={Orders} handled={Handled} faults={Faults.Values.Sum()} " +
            $"lost={Count(FindingKind.Lost)} duplicated={Count(FindingKind.Duplicated)} out-of-order={Count(FindingKind.OutOfOrder)}");
    }

    private int Count(FindingKind kind) => Findings.Count(finding => finding.Kind == kind);
}
