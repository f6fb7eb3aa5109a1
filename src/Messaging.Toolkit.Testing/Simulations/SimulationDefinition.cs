using Messaging.Toolkit.Testing.Databases;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Simulations;

/// <summary>What is simulated, the same for all seeds.</summary>
internal sealed record SimulationDefinition
{
    public required Action<IServiceCollection> Configure { get; init; }

    public IReadOnlyList<Given> Given { get; init; } = [];

    public FaultRates Rates { get; init; } = FaultRates.All;

    /// <summary>The most nodes that a run has.</summary>
    public int Nodes { get; init; } = 3;

    public int Clients { get; init; } = 1;

    public Func<SimulationClient, Task> Workload { get; init; } = static _ => Task.CompletedTask;

    /// <summary>Which transport: null for either, as the seed says.</summary>
    public bool? UsesBroker { get; init; }

    /// <summary>Whether settings and faults differ from seed to seed, within what is configured.</summary>
    public bool Varies { get; init; } = true;

    /// <summary>How long everything may take to come to rest after the last fault, in virtual time.</summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromMinutes(2);

    public IReadOnlyList<Invariant> Always { get; init; } = [];

    public IReadOnlyList<Invariant> Finally { get; init; } = [];
}
