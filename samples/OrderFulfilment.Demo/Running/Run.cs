using System.Data.Common;
using System.Diagnostics;
using OrderFulfilment.Demo.Orders;

namespace OrderFulfilment.Demo.Running;

/// <summary>
/// One run: clients order, the shop is killed in the middle of its work and started again, several times, until all is
/// done; then it is stopped in peace.
/// </summary>
internal sealed class Run : IDisposable
{
    private const int MaxOrdersPerSecond = 1_000; // As fast as the shop can.

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StandstillLimit = TimeSpan.FromSeconds(30);

    private readonly DemoOptions options;
    private readonly DemoDatabase database;
    private readonly ShopProcess shop;
    private readonly Clients clients;
    private readonly Random random;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private volatile Standing standing = Standing.Nothing;
    private TimeSpan lastProgress;

    public Run(DemoOptions options, IReadOnlyList<PlannedOrder> plan, DemoDatabase database, string folder)
    {
        this.options = options;
        this.database = database;
        random = new Random(options.Seed);
        shop = new ShopProcess(database.Settings, "shop", folder);
        clients = new Clients([shop.Address], plan, new Load(Clients: 8, MaxOpen: Math.Clamp(Segment / 2, 4, 100), MaxOrdersPerSecond, Patience), () => standing.Ended);
    }

    public IReadOnlyDictionary<Guid, Placement> Placements => clients.Placements;

    /// <summary>Kills that left work undone.</summary>
    public int Crashes { get; private set; }

    /// <summary>The orders between two crashes.</summary>
    private int Segment => options.Orders / (options.Crashes + 1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await shop.StartAsync(cancellationToken);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchAsync(ending.Token);
        var ordering = clients.RunAsync(ending.Token);
        try
        {
            await CrashAsync(ordering, ending.Token);
            await UntilAsync(() => ordering.IsCompleted && IsDone, ordering, ending.Token);
            await ordering;
        }
        finally
        {
            await ending.CancelAsync();
            await watching;
        }

        Show();
        if (await shop.StopAsync() is not 0 and var code)
        {
            throw new DemoException($"The shop was stopped by SIGTERM and ended with exit code {code}.");
        }

        Console.WriteLine($"done after {clock.Elapsed.TotalSeconds:F1} s: {standing.Handled} messages handled, {clients.Unanswered} requests without an answer, {clients.Known} answered by \"I have that order\"");
    }

    public void Dispose()
    {
        shop.Dispose();
        clients.Dispose();
    }

    private bool IsDone => standing.Orders == options.Orders && standing is { Open: 0, Outbox: 0 };

    /// <summary>
    /// Kills the shop when a share of the orders is placed, it has done some work since its start, and has more to do.
    /// A kill that turns out to have hit nothing does not count.
    /// </summary>
    private async Task CrashAsync(Task ordering, CancellationToken cancellationToken)
    {
        while (Crashes < options.Crashes)
        {
            var placed = (Segment * (Crashes + 1)) + random.Next(-Segment / 8, (Segment / 8) + 1);
            var handled = standing.Handled + (Segment / 4);
            await UntilAsync(() => (clients.Placed >= placed && standing.Handled >= handled && standing is { Outbox: > 0, Open: > 0 }) || (ordering.IsCompleted && IsDone), ordering, cancellationToken);
            if (IsDone)
            {
                return;
            }

            var id = shop.Id;
            await shop.KillAsync();
            var left = await database.ReadAsync(Standing.ReadAsync);
            standing = left;
            if (left is { Outbox: > 0, Open: > 0 })
            {
                Crashes++;
                Console.WriteLine($"{Now} crash {Crashes}: killed process {id} with {left.Open} orders open and {left.Outbox} messages in the outbox");
            }

            await shop.StartAsync(cancellationToken);
        }
    }

    private async Task UntilAsync(Func<bool> condition, Task ordering, CancellationToken cancellationToken)
    {
        lastProgress = clock.Elapsed;
        while (!condition())
        {
            shop.ThrowIfDead();
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
