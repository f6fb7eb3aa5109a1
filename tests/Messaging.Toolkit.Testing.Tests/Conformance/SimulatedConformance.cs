using System.Globalization;
using Messaging.Toolkit.Testing.Brokers;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>The suite over the broker of simulations, without faults, in a world of its own.</summary>
internal sealed class SimulatedConformance : TransportConformance
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private readonly World world;
    private readonly Lane lane;
    private readonly SimulatedBroker broker;
    private readonly Action<WrappedTransport> wrap;
    private readonly List<IAsyncDisposable> connections = [];
    private int processes;

    private SimulatedConformance(World world, Action<WrappedTransport> wrap)
    {
        this.world = world;
        this.wrap = wrap;
        lane = new Lane(world, "conformance");
        broker = new SimulatedBroker(world, new Lane(world, "broker"));
        Time = new LaneTime(lane);
    }

    protected override TimeProvider Time { get; }

    /// <summary>Runs a case and returns what is wrong, or null.</summary>
    /// <param name="name">The case's.</param>
    /// <param name="seed">The order in which things happen.</param>
    /// <param name="wrap">What is different from the broker as it is.</param>
    public static Exception? Run(string name, ulong seed, Action<WrappedTransport>? wrap = null)
    {
        var world = new World(seed);
        var conformance = new SimulatedConformance(world, wrap ?? (_ => { }));
        Task? running = null;
        world.Post(conformance.lane, () => running = conformance.RunAsync(name));
        world.RunUntil(() => running?.IsCompleted == true, Longest).Should().BeTrue("seed {0} must come to an end", seed);
        return running!.Exception?.InnerException;
    }

    protected override ValueTask<ITransport> CreateTransportAsync(MessageTopology topology)
    {
        var latencies = SeededRandom.For(world.Seed, string.Create(CultureInfo.InvariantCulture, $"process-{++processes}"));
        var life = new NodeLife(lane, new FaultPlan(world.Seed, FaultRates.None), latencies);
        var transport = new WrappedTransport(new SimulatedTransport(broker, life, Violated)) { Opened = connections.Add };
        wrap(transport);
        return new(transport);
    }

    /// <summary>To the broker, a channel that its client closes and one that breaks are the same.</summary>
    protected override async ValueTask BreakConnectionsAsync()
    {
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }
    }

    private static void Violated(string rule, string description) => throw new InvalidOperationException($"{rule}: {description}");
}
