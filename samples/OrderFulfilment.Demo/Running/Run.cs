using OrderFulfilment.Demo.Orders;

namespace OrderFulfilment.Demo.Running;

/// <summary>
/// One run: clients order, the shop is killed in the middle of its work and started again, several times, until all is
/// done; then it is stopped in peace. With a broker the shop is a process for each endpoint, of which one is killed at a time,
/// and once the broker is stopped and started.
/// </summary>
internal sealed class Run : IDisposable
{
    private const int MaxOrdersPerSecond = 1_000; // As fast as the shop can.

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly DemoOptions options;
    private readonly DemoBroker? broker;
    private readonly DemoProcess[] shops;
    private readonly Clients clients;
    private readonly Random random;
    private readonly Watch<Standing> watch;

    public Run(DemoOptions options, IReadOnlyList<PlannedOrder> plan, DemoDatabase<FulfilmentDb> database, DemoBroker? broker, string folder)
    {
        this.options = options;
        this.broker = broker;
        random = new Random(options.Seed);
        shops = broker is null
            ? [new DemoProcess("OrderFulfilment", database.Settings, "shop", folder)]
            : [.. OrderFulfilmentServices.Endpoints.Select(endpoint => new DemoProcess("OrderFulfilment", database.Settings with { Broker = broker.Settings, Endpoints = [endpoint] }, endpoint, folder))];
        clients = new Clients([shops[0].Address], plan, new Load(Clients: 8, MaxOpen: Math.Clamp(Segment / 2, 4, 100), MaxOrdersPerSecond, Patience), () => watch!.Standing.Ended);
        watch = new Watch<Standing>(
            shops, Standing.Nothing, () => database.ReadAsync(Standing.ReadAsync), standing =>
            $"placed {clients.Placed}/{options.Orders}, completed {standing.Completed}, rejected {standing.Rejected}, open {standing.Open}, outbox {standing.Outbox}, crashes {Crashes}/{options.Crashes}");
    }

    public IReadOnlyDictionary<Guid, Placement> Placements => clients.Placements;

    /// <summary>Kills that left work undone.</summary>
    public int Crashes { get; private set; }

    /// <summary>The orders between two interruptions.</summary>
    private int Segment => options.Orders / (options.Crashes + (options.RestartsBroker ? 1 : 0) + 1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = watch.RunAsync(ending.Token);
        var ordering = clients.RunAsync(ending.Token);
        try
        {
            await InterruptAsync(ordering, ending.Token);
            await watch.UntilAsync(() => ordering.IsCompleted && IsDone, ordering, ending.Token);
            await ordering;
        }
        finally
        {
            await ending.CancelAsync();
            await watching;
        }

        watch.Show();
        await Task.WhenAll(shops.Select(shop => shop.StopAsync()));
        Console.WriteLine($"done after {watch.Elapsed.TotalSeconds:F1} s: {Standing.Handled} messages handled, {clients.Unanswered} requests without an answer, {clients.Known} answered by \"I have that order\"");
    }

    public void Dispose()
    {
        foreach (var shop in shops)
        {
            shop.Dispose();
        }

        clients.Dispose();
    }

    private Standing Standing => watch.Standing;

    private bool IsDone => Standing.Orders == options.Orders && Standing.IsAtRest;

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        await shops[0].StartAsync(cancellationToken); // It alone creates the tables.
        await Task.WhenAll(shops.Skip(1).Select(shop => shop.StartAsync(cancellationToken)));
        await (broker?.UntilConsumedAsync(cancellationToken) ?? Task.CompletedTask);
    }

    /// <summary>The crashes, and in their middle the restart of the broker. Whenever a share of the orders is placed.</summary>
    private async Task InterruptAsync(Task ordering, CancellationToken cancellationToken)
    {
        var before = options.RestartsBroker ? (options.Crashes + 1) / 2 : options.Crashes;
        await CrashAsync(before, 0, ordering, cancellationToken);
        if (options.RestartsBroker)
        {
            await UntilWorkingAsync(Share(before), ordering, cancellationToken);
            watch.Say($"the broker is stopped with {Standing.Open} orders open and {Standing.Outbox} messages in the outbox");
            await new ServersScript(options.Servers!).RestartAsync("restart", options.Transport);
            watch.Say("the broker is back");
            await CrashAsync(options.Crashes, 1, ordering, cancellationToken);
        }
    }

    /// <summary>Kills the shop, each of its processes in turn. A kill that turns out to have hit nothing does not count.</summary>
    private async Task CrashAsync(int crashes, int otherInterruptions, Task ordering, CancellationToken cancellationToken)
    {
        while (Crashes < crashes)
        {
            await UntilWorkingAsync(Share(Crashes + otherInterruptions), ordering, cancellationToken);
            if (IsDone)
            {
                return;
            }

            var shop = shops[Crashes % shops.Length];
            var id = shop.Id;
            await shop.KillAsync();
            var left = await watch.ReadAsync();
            if (left is { Outbox: > 0, Open: > 0 })
            {
                Crashes++;
                var name = broker is null ? "" : $" ({shop.Name})";
                watch.Say($"crash {Crashes}: killed process {id}{name} with {left.Open} orders open and {left.Outbox} messages in the outbox");
            }

            await shop.StartAsync(cancellationToken);
        }
    }

    /// <summary>How many orders are placed before an interruption: about as many between any two.</summary>
    private int Share(int interruptions) => (Segment * (interruptions + 1)) + random.Next(-Segment / 8, (Segment / 8) + 1);

    /// <summary>Waits until so many orders are placed, the shop has done some work since its last start, and has more to do; or all is done.</summary>
    private Task UntilWorkingAsync(int placed, Task ordering, CancellationToken cancellationToken)
    {
        var handled = Standing.Handled + (Segment / 4);
        return watch.UntilAsync(() => (clients.Placed >= placed && Standing.Handled >= handled && Standing is { Outbox: > 0, Open: > 0 }) || (ordering.IsCompleted && IsDone), ordering, cancellationToken);
    }
}
