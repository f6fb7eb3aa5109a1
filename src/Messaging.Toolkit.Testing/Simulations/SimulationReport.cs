using System.Globalization;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Simulations;

namespace Messaging.Toolkit.Testing;

/// <summary>What runs have tried.</summary>
public sealed class SimulationReport
{
    private readonly Dictionary<FaultPoint, int> coverage = [];

    internal SimulationReport() { }

    /// <summary>How many seeds were run.</summary>
    public int Seeds { get; private set; }

    /// <summary>How many times a handler's work was committed.</summary>
    public long Handled { get; private set; }

    /// <summary>How many faults happened.</summary>
    public long Faults { get; private set; }

    /// <summary>How many things happened altogether.</summary>
    public long Steps { get; private set; }

    /// <summary>How much virtual time has passed.</summary>
    public TimeSpan VirtualTime { get; private set; }

    /// <summary>How many pairs of a fault and an operation that it could happen to were met.</summary>
    public int FaultPoints => coverage.Count;

    /// <summary>At how many of them it happened.</summary>
    public int FaultPointsReached => coverage.Values.Count(count => count > 0);

    /// <summary>The pairs that were met, and how often the fault happened there.</summary>
    public IReadOnlyDictionary<string, int> Coverage
        => coverage.OrderBy(point => point.Key.Kind).ThenBy(point => point.Key.Operation).ToDictionary(point => $"{point.Key.Kind} at {point.Key.Operation}", point => point.Value);

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Seeds} seeds, {Handled} messages handled, {Faults} faults at {FaultPointsReached} of {FaultPoints} fault points, {Steps} steps, {VirtualTime.TotalHours:0.0} h of virtual time");

    internal void Add(RunResult result)
    {
        Seeds++;
        Handled += result.Handled;
        Faults += result.Faults.Count;
        Steps += result.Steps;
        VirtualTime += result.VirtualTime;
        foreach (var (point, count) in result.Coverage)
        {
            coverage[point] = coverage.GetValueOrDefault(point) + count;
        }
    }
}
