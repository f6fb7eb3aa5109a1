using System.Globalization;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>The suite in a world of its own: in virtual time, in the order of a seed, without faults.</summary>
internal abstract class SimulatedConformance : TransportConformance
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private readonly Lane lane;
    private int processes;

    protected SimulatedConformance(World world)
    {
        World = world;
        lane = new Lane(world, "conformance");
        BrokerLane = new Lane(world, "broker");
        Time = new LaneTime(lane);
    }

    protected World World { get; }

    protected Lane BrokerLane { get; }

    protected override TimeProvider Time { get; }

    /// <summary>Runs a case and returns what is wrong, or null.</summary>
    protected static Exception? Run(SimulatedConformance conformance, string name)
    {
        Task? running = null;
        conformance.World.Post(conformance.lane, () => running = conformance.RunAsync(name));
        conformance.World.RunUntil(() => running?.IsCompleted == true, Longest).Should().BeTrue("seed {0} must come to an end", conformance.World.Seed);
        return running!.Exception?.InnerException;
    }

    protected override ValueTask<ITransport> CreateTransportAsync(MessageTopology topology)
    {
        var latencies = SeededRandom.For(World.Seed, string.Create(CultureInfo.InvariantCulture, $"process-{++processes}"));
        return new(CreateTransport(new NodeLife(lane, new FaultPlan(World.Seed, FaultRates.None), latencies), topology));
    }

    protected abstract ITransport CreateTransport(NodeLife life, MessageTopology topology);
}
