using System.Data.Common;
using System.Diagnostics;
using OrderFulfilment.Chaos.Faults;
using OrderFulfilment.Demo;
using OrderFulfilment.Demo.Orders;
using OrderFulfilment.Demo.Running;

namespace OrderFulfilment.Chaos.Running;

/// <summary>
/// One run: processes of the sample work for clients that order all the time while faults are injected; then the faults
/// end, everything that was accepted has to be done within a limit, and the processes are stopped in peace.
/// </summary>
internal sealed class ChaosRun : IDisposable
{
    /// <summary>
    /// From the end of the faults until nothing is left to do: the lease of the sample (3 s), a pause of the relay and one of
    /// an endpoint (15 s each at most), and the work that has piled up. The rest is for slow machines.
    /// </summary>
    public static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(60);

    /// <summary>Some faults take that long, and there are orders until the last is over.</summary>
    private static readonly TimeSpan LastFaultLimit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>RabbitMQ 3.10 may never get over a kill that comes within seconds after the declaration of a quorum queue.</summary>
    private static readonly TimeSpan QuietOfNewBroker = TimeSpan.FromSeconds(15);

    private readonly DemoDatabase<FulfilmentDb> database;
    private readonly DemoBroker? broker;
    private readonly IReadOnlyList<PlannedFault> faults;
    private readonly IReadOnlyList<Node> nodes;
    private readonly Server server;
    private readonly StreamWriter log;
    private readonly Injector injector;
    private readonly Clients clients;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private volatile Standing standing = Standing.Nothing;

    public ChaosRun(ChaosOptions options, DemoDatabase<FulfilmentDb> database, DemoBroker? broker, string folder)
    {
        this.database = database;
        this.broker = broker;
        nodes = [.. MakeNodes(options, folder)];
        var all = AllFaults.List(options);
        faults = FaultPlan.Make([.. all.SelectMany(one => Enumerable.Repeat(one.Fault.Name, one.Weight))], nodes.Count, options);
        Orders = OrderPlan.Make((int)(options.OrdersPerSecond * (options.Length + LastFaultLimit).TotalSeconds), options.Seed);
        server = new Server(database.Settings.ConnectionString);
        log = new StreamWriter(Path.Combine(folder, "faults.log")) { AutoFlush = true };
        injector = new Injector([.. all.Select(one => one.Fault)], nodes, server, log);
        var load = new Load(Clients: 24, MaxOpen: 300, options.OrdersPerSecond, Patience);
        clients = new Clients([.. nodes.Where(node => node.TakesOrders).Select(node => node.Process.Address)], Orders, load, () => standing.Ended);
    }

    public IReadOnlyList<PlannedOrder> Orders { get; }

    public IReadOnlyDictionary<Guid, Placement> Placements => clients.Placements;

    /// <summary>How many faults of each kind were injected.</summary>
    public IReadOnlyDictionary<string, int> Faults => injector.Counts;

    public ErrorLog Errors { get; } = new();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await nodes[0].Process.StartAsync(cancellationToken); // It alone creates the tables.
        await Task.WhenAll(nodes.Skip(1).Select(node => node.Process.StartAsync(cancellationToken)));
        await (broker?.UntilConsumedAsync(cancellationToken) ?? Task.CompletedTask);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchAsync(ending.Token);
        var ordering = clients.RunAsync(ending.Token);
        var injecting = InjectAsync(ending.Token);
        try
        {
            await UntilAsync(() => injecting.IsCompleted, ending.Token, injecting, ordering, watching);
            clients.Close();
            await DrainAsync(ordering, watching, ending.Token);
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(injecting, ordering, watching).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        await Task.WhenAll(nodes.Select(node => node.Process.StopAsync()));
    }

    public void Dispose()
    {
        foreach (var node in nodes)
        {
            node.Dispose();
        }

        clients.Dispose();
        server.Dispose();
        log.Dispose();
    }

    private bool IsDone => standing.Orders == clients.Placed && standing.IsAtRest;

    private string Now => $"{clock.Elapsed.TotalSeconds,6:F1} s";

    private IEnumerable<Node> MakeNodes(ChaosOptions options, string folder)
    {
        IReadOnlyList<string> all = OrderFulfilmentServices.Endpoints;
        IEnumerable<(string Name, IReadOnlyList<string> Endpoints)> programs = broker is null ? [("shop", all)] : all.Select(endpoint => (endpoint, (IReadOnlyList<string>)[endpoint]));
        return programs
            .SelectMany(program => Enumerable.Range(1, options.Processes).Select(copy => (Name: $"{program.Name}-{copy}", program.Endpoints)))
            .Select((one, number) => new Node(number, one.Name, database.Settings with { Broker = broker?.Settings, Endpoints = one.Endpoints }, Errors, folder));
    }

    private async Task InjectAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(broker is null ? TimeSpan.Zero : QuietOfNewBroker, cancellationToken);
        await injector.RunAsync(faults, cancellationToken);
    }

    private async Task DrainAsync(Task ordering, Task watching, CancellationToken cancellationToken)
    {
        var begun = clock.Elapsed;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(DrainLimit);
        try
        {
            await UntilAsync(() => ordering.IsCompleted && IsDone, limit.Token, ordering, watching);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DemoException($"Not all is done {DrainLimit.TotalSeconds} s after the last fault: {standing}, {clients.Placed} orders were accepted.");
        }

        Show();
        Console.WriteLine($"{Now} all done, {(clock.Elapsed - begun).TotalSeconds:F1} s after the last fault was over; {clients.Unanswered} requests without an answer, {clients.Known} answered by \"I have that order\"");
    }

    /// <summary>Looks every now and then whether the condition is met, and whether anything has gone wrong that should not.</summary>
    private async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken, params Task[] needed)
    {
        while (!condition())
        {
            await Task.WhenAll(needed.Where(task => task.IsCompleted)); // Throws what one has thrown.
            foreach (var node in nodes)
            {
                node.ThrowIfDead();
            }

            await Task.Delay(100, cancellationToken);
        }

        await Task.WhenAll(needed.Where(task => task.IsCompleted));
    }

    /// <summary>Looks at the database all the time and tells of it every few seconds.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        for (var shown = clock.Elapsed; !cancellationToken.IsCancellationRequested;)
        {
            try
            {
                standing = await database.ReadAsync(Standing.ReadAsync);
            }
            catch (Exception exception) when (exception is DbException or InvalidOperationException { InnerException: DbException })
            {
                // The server is being restarted.
            }

            if (clock.Elapsed - shown > ProgressEvery)
            {
                shown = clock.Elapsed;
                Show();
            }

            await Task.Delay(Look, cancellationToken);
        }
    }

    private void Show() => Console.WriteLine(
        $"{Now} orders {clients.Placed}, open {standing.Open}, outbox {standing.Outbox}, handled {standing.Handled}, faults {Faults.Values.Sum()}, unanswered {clients.Unanswered}, errors {Errors.UnexpectedCount}");
}
