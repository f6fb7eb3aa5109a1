using OrderFulfilment.Demo;
using OrderFulfilment.Demo.Orders;
using OrderFulfilment.Demo.Proving;
using OrderFulfilment.Demo.Running;
using OrderFulfilment.Ordering;

return await DemoProgram.RunAsync(() => DemoOptions.Parse(args), DemoOptions.Usage, options => options.Database, RunAsync);

static async Task<int> RunAsync(DemoOptions options, string folder, CancellationToken cancellationToken)
{
    var plan = OrderPlan.Make(options.Orders, options.Seed);
    var database = ShopServers.NewDatabase(options.Database, folder);
    var broker = options.HasBroker ? await ShopServers.NewBrokerAsync(options.Transport) : null;
    Console.WriteLine($"{options.Orders} orders over HTTP, {options.Crashes} crashes, on {options.Database}{Transport()}");

    var isDone = true;
    int crashes;
    IReadOnlyDictionary<Guid, Placement> accepted;
    using (var run = new Run(options, plan, database, broker, folder))
    {
        try
        {
            await run.RunAsync(cancellationToken);
        }
        catch (DemoException exception) when (run.Placements.Count > 0)
        {
            // What the database says is worth knowing all the more.
            Console.WriteLine($"problem: {exception.Message}");
            isDone = false;
        }

        crashes = run.Crashes;
        accepted = run.Placements;
    }

    var evidence = await database.ReadAsync(Evidence.ReadAsync);
    var findings = new Proof(evidence, accepted).Find(plan);
    Finding.Show(findings);

    if (crashes < options.Crashes)
    {
        Console.WriteLine($"problem: only {crashes} of {options.Crashes} crashes hit the shop at work");
    }

    var holds = isDone && findings.Count == 0 && crashes == options.Crashes;
    if (holds)
    {
        await database.DropAsync();
        await (broker?.DropAsync() ?? Task.CompletedTask);
        Directory.Delete(folder, recursive: true);
    }
    else
    {
        Console.WriteLine($"What the shop has logged{(options.Database == "sqlite" ? " and its database are" : " is")} in {folder}");
    }

    var completed = evidence.Orders.Count(order => order.Status == OrderStatus.Completed);
    var rejected = evidence.Orders.Count(order => order.Status is OrderStatus.Rejected or OrderStatus.Cancelled);
    Console.WriteLine(
        $"demo: orders={evidence.Orders.Count} completed={completed} rejected={rejected} lost={Count(FindingKind.Lost)} " +
        $"duplicated={Count(FindingKind.Duplicated)} out-of-order={Count(FindingKind.OutOfOrder)} crashes={crashes}");
    return holds ? 0 : 1;

    string Transport() => broker is null ? ""
        : $" and {broker.Settings.Name}, a process for each service; the broker is {(options.RestartsBroker ? "stopped once" : "somebody else's and is left alone")}";

    int Count(FindingKind kind) => findings.Count(finding => finding.Kind == kind);
}
