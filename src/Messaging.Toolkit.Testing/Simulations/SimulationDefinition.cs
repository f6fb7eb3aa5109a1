using Messaging.Toolkit.Testing.Brokers;
using Messaging.Toolkit.Testing.Databases;
using Messaging.Toolkit.Testing.Worlds;
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

    /// <summary>Makes the broker of a run, which works in a lane of its own world.</summary>
    public Func<World, Lane, FaultRates, ISimulatedBroker> Broker { get; init; } = static (world, lane, _) => new SimulatedBroker(world, lane);

    /// <summary>Whether settings and faults differ from seed to seed, within what is configured.</summary>
    public bool Varies { get; init; } = true;

    /// <summary>How long everything may take to come to rest after the last fault, in virtual time.</summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromMinutes(2);

    public IReadOnlyList<Invariant> Always { get; init; } = [];

    public IReadOnlyList<Invariant> Finally { get; init; } = [];
}
