using System.Data.Common;
using System.Diagnostics;
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
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StandstillLimit = TimeSpan.FromSeconds(60);

    private readonly DemoOptions options;
    private readonly DemoDatabase database;
    private readonly DemoBroker? broker;
    private readonly ShopProcess[] shops;
    private readonly Clients clients;
    private readonly Random random;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private volatile Standing standing = Standing.Nothing;
    private TimeSpan lastProgress;

    public Run(DemoOptions options, IReadOnlyList<PlannedOrder> plan, DemoDatabase database, DemoBroker? broker, string folder)
    {
        this.options = options;
        this.database = database;
        this.broker = broker;
        random = new Random(options.Seed);
        shops = broker is null
            ? [new ShopProcess(database.Settings, "shop", folder)]
            : [.. OrderFulfilmentServices.Endpoints.Select(endpoint => new ShopProcess(database.Settings with { Broker = broker.Settings, Endpoints = [endpoint] }, endpoint, folder))];
        clients = new Clients([shops[0].Address], plan, new Load(Clients: 8, MaxOpen: Math.Clamp(Segment / 2, 4, 100), MaxOrdersPerSecond, Patience), () => standing.Ended);
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
        var watching = WatchAsync(ending.Token);
        var ordering = clients.RunAsync(ending.Token);
        try
        {
            await InterruptAsync(ordering, ending.Token);
            await UntilAsync(() => ordering.IsCompleted && IsDone, ordering, ending.Token);
            await ordering;
        }
        finally
        {
            await ending.CancelAsync();
            await watching;
        }

        Show();
        await Task.WhenAll(shops.Select(StopAsync));
        Console.WriteLine($"done after {clock.Elapsed.TotalSeconds:F1} s: {standing.Handled} messages handled, {clients.Unanswered} requests without an answer, {clients.Known} answered by \"I have that order\"");
    }

    public void Dispose()
    {
        foreach (var shop in shops)
        {
            shop.Dispose();
        }

        clients.Dispose();
    }

    private bool IsDone => standing.Orders == options.Orders && standing.IsAtRest;

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        await shops[0].StartAsync(cancellationToken); // It alone creates the tables.
        await Task.WhenAll(shops.Skip(1).Select(shop => shop.StartAsync(cancellationToken)));
        await (broker?.UntilConsumedAsync(cancellationToken) ?? Task.CompletedTask);
    }

    private async Task StopAsync(ShopProcess shop)
    {
        if (await shop.StopAsync() is not 0 and var code)
        {
            throw new DemoException($"The {shop.Name} was stopped by SIGTERM and ended with exit code {code}.");
        }
    }

    /// <summary>The crashes, and in their middle the restart of the broker. Whenever a share of the orders is placed.</summary>
    private async Task InterruptAsync(Task ordering, CancellationToken cancellationToken)
    {
        var before = options.RestartsBroker ? (options.Crashes + 1) / 2 : options.Crashes;
        await CrashAsync(before, 0, ordering, cancellationToken);
        if (options.RestartsBroker)
        {
            await UntilWorkingAsync(Share(before), ordering, cancellationToken);
            Console.WriteLine($"{Now} the broker is stopped with {standing.Open} orders open and {standing.Outbox} messages in the outbox");
            await new ServersScript(options.Servers!).RestartAsync("restart", "rabbitmq");
            Console.WriteLine($"{Now} the broker is back");
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
            var left = await database.ReadAsync(Standing.ReadAsync);
            standing = left;
            if (left is { Outbox: > 0, Open: > 0 })
            {
                Crashes++;
                var name = broker is null ? "" : $" ({shop.Name})";
                Console.WriteLine($"{Now} crash {Crashes}: killed process {id}{name} with {left.Open} orders open and {left.Outbox} messages in the outbox");
            }

            await shop.StartAsync(cancellationToken);
        }
    }

    /// <summary>How many orders are placed before an interruption: about as many between any two.</summary>
    private int Share(int interruptions) => (Segment * (interruptions + 1)) + random.Next(-Segment / 8, (Segment / 8) + 1);

    /// <summary>Waits until so many orders are placed, the shop has done some work since its last start, and has more to do; or all is done.</summary>
    private Task UntilWorkingAsync(int placed, Task ordering, CancellationToken cancellationToken)
    {
        var handled = standing.Handled + (Segment / 4);
        return UntilAsync(() => (clients.Placed >= placed && standing.Handled >= handled && standing is { Outbox: > 0, Open: > 0 }) || (ordering.IsCompleted && IsDone), ordering, cancellationToken);
    }

    private async Task UntilAsync(Func<bool> condition, Task ordering, CancellationToken cancellationToken)
    {
        lastProgress = clock.Elapsed;
        while (!condition())
        {
            foreach (var shop in shops)
            {
                shop.ThrowIfDead();
            }

            if (ordering.IsFaulted)
            {
                await ordering;
            }

            if (clock.Elapsed - lastProgress > StandstillLimit)
            {
                throw new DemoException($"Nothing has happened for {StandstillLimit.TotalSeconds} s: {standing}.");
            }

            await Task.Delay(Look, cancellationToken);
        }
    }

    /// <summary>Looks at the database all the time and tells of it once a second.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        for (var shown = clock.Elapsed; !cancellationToken.IsCancellationRequested;)
        {
            try
            {
                var now = await database.ReadAsync(Standing.ReadAsync);
                if (now != standing)
                {
                    standing = now;
                    lastProgress = clock.Elapsed;
                }
            }
            catch (DbException)
            {
                // Busy for a moment, perhaps because the shop has just died. Standstill is noticed elsewhere.
            }

            if (clock.Elapsed - shown > TimeSpan.FromSeconds(1))
            {
                shown = clock.Elapsed;
                Show();
            }

            await Task.Delay(Look, CancellationToken.None);
        }
    }

    private void Show() => Console.WriteLine(
        $"{Now} placed {clients.Placed}/{options.Orders}, completed {standing.Completed}, rejected {standing.Rejected}, open {standing.Open}, outbox {standing.Outbox}, crashes {Crashes}/{options.Crashes}");

    private string Now => $"{clock.Elapsed.TotalSeconds,5:F1} s";
}
