using Messaging.Toolkit.Testing.Brokers;
using Messaging.Toolkit.Testing.Simulations;
using Messaging.Toolkit.Testing.Worlds;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing;

/// <summary>
/// Runs an application as several nodes over a real database, in virtual time and on one thread, while faults happen to it, and
/// looks whether every guarantee and every invariant holds. A run is decided by its seed alone: the same seed is the same
/// run, on every machine. Immutable: each method returns a changed copy.
/// </summary>
/// <remarks>See docs/testing.md. What is simulated must not block, start threads or wait for anything real.</remarks>
public sealed class Simulation
{
    private readonly SimulationDefinition definition;

    private Simulation(SimulationDefinition definition) => this.definition = definition;

    /// <summary>The simulation of an application.</summary>
    /// <typeparam name="TApplication">Configures its services.</typeparam>
    public static Simulation For<TApplication>() where TApplication : ISimulatedApplication, new()
        => Of(static services => new TApplication().ConfigureServices(services));

    /// <summary>The simulation of an application.</summary>
    /// <param name="configure">As <see cref="ISimulatedApplication.ConfigureServices"/>; called for every life of a node.</param>
    public static Simulation Of(Action<IServiceCollection> configure) => new(new SimulationDefinition { Configure = configure });

    /// <summary>What a database holds before anything starts, once for all seeds. Default: nothing, the tables are empty.</summary>
    /// <typeparam name="TContext">The context to write with.</typeparam>
    /// <param name="prepare">Adds rows and saves them. It publishes nothing.</param>
    public Simulation Given<TContext>(Func<TContext, Task> prepare) where TContext : DbContext
        => new(definition with { Given = [.. definition.Given, Databases.Given.Of(prepare)] });

    /// <summary>What each client does. Default: nothing, with one client.</summary>
    /// <param name="clients">How many do it at the same time.</param>
    /// <param name="workload">What one does. Must end by itself; what it throws fails the simulation.</param>
    public Simulation Workload(int clients, Func<SimulationClient, Task> workload)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(clients, 1);
        return new(definition with { Clients = clients, Workload = workload });
    }

    /// <summary>How many nodes a run has at most. Default 3.</summary>
    public Simulation Nodes(int nodes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(nodes, 1);
        return new(definition with { Nodes = nodes });
    }

    /// <summary>Which faults happen, and how often. Default <see cref="FaultRates.All"/>.</summary>
    public Simulation Faults(FaultRates rates) => new(definition with { Rates = rates });

    /// <summary>Whether messages travel through a simulated broker or inside each node. Default: either, as the seed says.</summary>
    public Simulation OverBroker(bool overBroker = true) => new(definition with { UsesBroker = overBroker });

    /// <summary>
    /// Every run has all faults at their full rates, all nodes and the settings as configured. By default runs differ: some
    /// have fewer, or narrower settings, which finds more.
    /// </summary>
    public Simulation Invariable() => new(definition with { Varies = false });

    /// <summary>How long everything may take to come to rest after the last fault, in virtual time. Default 2 minutes.</summary>
    public Simulation DrainsWithin(TimeSpan limit) => new(definition with { DrainLimit = limit });

    /// <summary>Something that holds after every commit.</summary>
    /// <typeparam name="TContext">The context to look with.</typeparam>
    /// <param name="name">What holds, as a sentence.</param>
    /// <param name="holds">Looks from outside of all nodes; sees what is committed.</param>
    public Simulation Always<TContext>(string name, Func<TContext, Task<bool>> holds) where TContext : DbContext
        => new(definition with { Always = [.. definition.Always, Invariant.Of(name, holds)] });

    /// <summary>Something that holds when the workload has ended, the faults have stopped and everything has come to rest.</summary>
    /// <inheritdoc cref="Always{TContext}"/>
    public Simulation Finally<TContext>(string name, Func<TContext, Task<bool>> holds) where TContext : DbContext
        => new(definition with { Finally = [.. definition.Finally, Invariant.Of(name, holds)] });

    /// <summary>Runs seeds, several at a time, until one fails.</summary>
    /// <param name="seeds">How many.</param>
    /// <param name="firstSeed">The first; the others follow it.</param>
    /// <returns>What was tried.</returns>
    /// <exception cref="SimulationFailedException">A run broke a guarantee or an invariant. The message says how, and how to repeat it.</exception>
    public SimulationReport Run(int seeds, ulong firstSeed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seeds, 1);
        using var runner = new SeedRunner(definition);
        return runner.Run(firstSeed, seeds);
    }

    /// <summary>Runs one seed and returns everything that happened in it, a line each.</summary>
    /// <param name="seed">The seed.</param>
    /// <exception cref="SimulationFailedException">As for <see cref="Run"/>.</exception>
    public string Trace(ulong seed)
    {
        using var runner = new SeedRunner(definition);
        return runner.Trace(seed);
    }

    internal SimulationDefinition Definition => definition;

    /// <summary>Over a broker that the simulator does not know: a model of one that exists, below the client of its transport.</summary>
    /// <param name="broker">Makes the broker of a run: in which world, in which lane, with which faults.</param>
    internal Simulation Over(Func<World, Lane, FaultRates, ISimulatedBroker> broker) => new(definition with { UsesBroker = true, Broker = broker });
}
