namespace Messaging.Toolkit.Testing;

/// <summary>
/// A run broke a guarantee or an invariant. The message has the seed, the fewest faults with which it still happens, and the
/// life of the message concerned.
/// </summary>
/// <param name="seed">The seed of the run.</param>
/// <param name="violations">What was broken.</param>
/// <param name="message">All of it, to read.</param>
public sealed class SimulationFailedException(ulong seed, IReadOnlyList<Violation> violations, string message) : Exception(message)
{
    /// <summary>Run it again with <see cref="Simulation.Run"/> and <c>seeds: 1</c>.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>What was broken, the first first.</summary>
    public IReadOnlyList<Violation> Violations { get; } = violations;
}
