using Messaging.Toolkit.Kafka;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Simulations.Kafka;
using Messaging.Toolkit.Simulations.Kafka.Client;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>The suite over the model of Kafka, with a topic for everything: the suite is about one order of a key, whatever the types.</summary>
internal sealed class SimulatedKafka : SimulatedConformance
{
    private const int Seeds = 10;

    private readonly KafkaCluster cluster;

    private SimulatedKafka(World world) : base(world)
        => cluster = new KafkaCluster(world, BrokerLane, ClusterOptions.For(world.Seed, FaultRates.None) with { SharesTopic = true, MaxAhead = 10_000 });

    /// <summary>Runs a case, in the orders and with the settings of some seeds.</summary>
    public static void ExpectConforms(string name)
    {
        for (var seed = 1UL; seed <= Seeds; seed++)
        {
            Run(new SimulatedKafka(new World(seed)), name).Should().BeNull("seed {0}", seed);
        }
    }

    protected override ITransport CreateTransport(NodeLife life, MessageTopology topology)
    {
        var options = new KafkaOptions();
        cluster.Options.Apply(options);
        options.Clients = new SimulatedClients(cluster, life, options);
        return new KafkaTransport(options, topology, taker: null, new MessageIds(Time, new EntropySource()), Time, NullLogger.Instance);
    }

    protected override ValueTask BreakConnectionsAsync()
    {
        cluster.BreakConnections();
        return ValueTask.CompletedTask;
    }
}
