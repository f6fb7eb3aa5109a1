using System.Collections.Concurrent;
using System.Diagnostics;
using OrderFulfilment.Chaos.Faults;

namespace OrderFulfilment.Chaos.Running;

/// <summary>Injects the faults of a plan, each at its time, however long those before it take.</summary>
internal sealed class Injector(IReadOnlyList<IFault> faults, IReadOnlyList<Node> nodes, Server server, TextWriter log)
{
    private readonly Dictionary<string, IFault> byName = faults.ToDictionary(fault => fault.Name);
    private readonly ConcurrentDictionary<string, int> counts = new();

    /// <summary>How many of each kind were injected.</summary>
    public IReadOnlyDictionary<string, int> Counts => counts;

    /// <summary>Ends when the last fault is over.</summary>
    public async Task RunAsync(IReadOnlyList<PlannedFault> plan, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var clock = Stopwatch.StartNew();
        var running = new List<Task>();
        try
        {
            foreach (var planned in plan)
            {
                var pause = planned.At - clock.Elapsed;
                await Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, cancellationToken);
                running.Add(InjectAsync(planned, ending.Token));
                await Task.WhenAll(running.Where(task => task.IsCompleted)); // Throws what one has thrown.
            }

            await Task.WhenAll(running);
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(running).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task InjectAsync(PlannedFault planned, CancellationToken cancellationToken)
    {
        var fault = byName[planned.Fault];
        var (node, taken) = Choose(planned.Node, fault);
        using var release = taken;
        if (node is null)
        {
            Log($"left out: {planned.Fault}, every process has its troubles already");
            return;
        }

        var text = $"{planned.Fault} ({node.Name}, strength {planned.Strength:F2})";
        counts.AddOrUpdate(planned.Fault, 1, (_, count) => count + 1);
        Log($"begins: {text}");
        await fault.InjectAsync(new Strike(node, server, planned.Strength), cancellationToken);
        Log($"is over: {text}");
    }

    private (Node? Node, IDisposable? Taken) Choose(int first, IFault fault)
    {
        if (!fault.TakesProcess)
        {
            return (nodes[first], null);
        }

        foreach (var node in nodes.Skip(first).Concat(nodes.Take(first)))
        {
            if (node.TryTake() is { } taken)
            {
                return (node, taken);
            }
        }

        return (null, null);
    }

    private void Log(string text)
    {
        lock (log)
        {
            log.WriteLine($"{DateTime.Now:HH:mm:ss.fff} {text}");
        }
    }
}
