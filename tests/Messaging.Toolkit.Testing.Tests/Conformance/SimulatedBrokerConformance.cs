using Messaging.Toolkit.Testing.Brokers;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>The suite over the broker of simulations.</summary>
internal sealed class SimulatedBrokerConformance : SimulatedConformance
{
    private readonly SimulatedBroker broker;
    private readonly Action<WrappedTransport> wrap;
    private readonly List<IAsyncDisposable> connections = [];

    private SimulatedBrokerConformance(World world, Action<WrappedTransport> wrap) : base(world)
    {
        this.wrap = wrap;
        broker = new SimulatedBroker(world, BrokerLane);
    }

    /// <summary>Runs a case and returns what is wrong, or null.</summary>
    /// <param name="name">The case's.</param>
    /// <param name="seed">The order in which things happen.</param>
    /// <param name="wrap">What is different from the broker as it is.</param>
    public static Exception? Run(string name, ulong seed, Action<WrappedTransport>? wrap = null) => Run(new SimulatedBrokerConformance(new World(seed), wrap ?? (_ => { })), name);

    protected override ITransport CreateTransport(NodeLife life, MessageTopology topology)
    {
        var transport = new WrappedTransport(new SimulatedTransport(broker, life, Violated)) { Opened = connections.Add };
        wrap(transport);
        return transport;
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
