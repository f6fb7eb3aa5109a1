using Messaging.Toolkit.Testing.Databases;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Traces;
using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Testing.Nodes;

/// <summary>
/// One life of a node, from its start to its end: what a process is in reality. It meets the world outside at its
/// operations, and that is where faults happen to it.
/// </summary>
/// <param name="lane">Everything that it does.</param>
/// <param name="faults">What happens to it.</param>
/// <param name="latencies">How long its operations take; null if they take no time.</param>
internal sealed class NodeLife(Lane lane, FaultPlan faults, SeededRandom? latencies)
{
    private static readonly TimeSpan LongestSlowness = TimeSpan.FromSeconds(5);

    private readonly HashSet<SimulatedConnection> connections = [];

    public Lane Lane => lane;

    public World World => lane.World;

    public string Name => lane.Name;

    public FaultPlan Faults => faults;

    public bool IsAlive => lane.State != LaneState.Dead;

    /// <summary>Until when its host waits for what runs, once it stops.</summary>
    public TimeSpan? StopsUntil { get; set; }

    /// <summary>What befalls the whole node; set by its owner.</summary>
    public Action<FaultKind, double>? Befalls { get; set; }

    /// <summary>Called when the life ends, by whoever holds something for it.</summary>
    public event Action? Ended;

    /// <summary>Its open connections.</summary>
    public IReadOnlyCollection<SimulatedConnection> Connections => connections;

    /// <summary>
    /// An operation is about to begin: takes some time, or for ever if the node dies here. What awaits it must do so with
    /// ConfigureAwait(false) where it is called by libraries that do.
    /// </summary>
    public Task EnterAsync(Operation operation)
    {
        Befall(FaultKind.Crash, operation);
        Befall(FaultKind.Freeze, operation);
        Befall(FaultKind.Restart, operation);
        if (!IsAlive)
        {
            return new TaskCompletionSource().Task;
        }

        var slow = operation is Operation.Handle ? FaultKind.SlowHandler : operation >= Operation.OpenSender ? FaultKind.SlowBroker : FaultKind.SlowDatabase;
        return World.DelayAsync(lane, Happens(slow, operation, out var severity) ? LongestSlowness * severity : Latency());
    }

    /// <summary>Whether a fault happens to the operation; noted in the trace.</summary>
    public bool Happens(FaultKind kind, Operation operation) => Happens(kind, operation, out _);

    /// <inheritdoc cref="Happens(FaultKind, Operation)"/>
    public bool Happens(FaultKind kind, Operation operation, out double severity)
    {
        severity = 0;
        if (!IsAlive || !faults.Happens(kind, operation, out severity))
        {
            return false;
        }

        Note(FaultNames.Of(kind, operation));
        return true;
    }

    public void Note(string what, Guid? message = null, string? detail = null) => World.Trace.Add(World.Now, Name, what, message, detail);

    public void Opened(SimulatedConnection connection) => connections.Add(connection);

    public void Closed(SimulatedConnection connection) => connections.Remove(connection);

    /// <summary>It is over: nothing of it goes on, and the world outside finds out as it does when a process dies.</summary>
    public void End()
    {
        World.Kill(lane);
        foreach (var connection in connections.ToList())
        {
            connection.Drop();
        }

        Ended?.Invoke();
    }

    private void Befall(FaultKind kind, Operation operation)
    {
        if (Befalls is not null && Happens(kind, operation, out var severity))
        {
            Befalls(kind, severity);
        }
    }

    /// <summary>Mostly at once, sometimes a moment, seldom long.</summary>
    private TimeSpan Latency() => latencies?.Next(20) switch
    {
        null => TimeSpan.Zero,
        < 12 => TimeSpan.Zero,
        < 19 => latencies.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(3)),
        _ => latencies.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(30)),
    };
}
