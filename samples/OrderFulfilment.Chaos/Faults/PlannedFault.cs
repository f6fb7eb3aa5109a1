namespace OrderFulfilment.Chaos.Faults;

/// <summary>A fault that will be injected.</summary>
/// <param name="At">When, from the beginning of the faults.</param>
/// <param name="Fault">The name of the fault.</param>
/// <param name="Node">The number of the process that it hits, if it hits one; if that one is taken, the next.</param>
/// <param name="Strength">How hard, from 0 to 1.</param>
internal sealed record PlannedFault(TimeSpan At, string Fault, int Node, double Strength);
