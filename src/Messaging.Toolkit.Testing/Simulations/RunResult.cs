using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Traces;

namespace Messaging.Toolkit.Testing.Simulations;

/// <summary>What came of one run.</summary>
internal sealed record RunResult
{
    public required ulong Seed { get; init; }

    /// <summary>What differs from seed to seed, in words.</summary>
    public required string Settings { get; init; }

    public required IReadOnlyList<Violation> Violations { get; init; }

    public required IReadOnlyList<FaultId> Faults { get; init; }

    public required IReadOnlyDictionary<FaultPoint, int> Coverage { get; init; }

    public required Trace Trace { get; init; }

    public required int Handled { get; init; }

    public required long Steps { get; init; }

    public required TimeSpan VirtualTime { get; init; }
}
