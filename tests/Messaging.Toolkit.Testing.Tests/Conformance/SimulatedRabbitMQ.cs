using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Simulations.RabbitMQ;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>The suite over the model of RabbitMQ.</summary>
internal sealed class SimulatedRabbitMQ : SimulatedConformance
{
    private const int Seeds = 5;

    private readonly RabbitBroker broker;
    private readonly Action<RabbitMQQueueOptions> configure;

    private SimulatedRabbitMQ(World world, Action<RabbitMQQueueOptions> configure) : base(world)
    {
        this.configure = configure;
        broker = new RabbitBroker(world, BrokerLane, FaultRates.None);
    }

    /// <summary>Runs a case, in the orders of some seeds.</summary>
    public static void ExpectConforms(string name, Action<RabbitMQQueueOptions> configure)
    {
        for (var seed = 1UL; seed <= Seeds; seed++)
        {
            Run(new SimulatedRabbitMQ(new World(seed), configure), name).Should().BeNull("seed {0}", seed);
        }
    }

    protected override ITransport CreateTransport(NodeLife life, MessageTopology topology)
    {
        var options = new RabbitMQOptions
        {
            IgnoreUnroutableEvents = true,
            Open = (_, name, cancellationToken) => broker.ConnectAsync(life, name, cancellationToken),
        };
        configure(options.Queues);
        return new RabbitMQTransport(options, topology, new MessageIds(Time, new EntropySource()), Time, NullLogger.Instance);
    }

    protected override ValueTask BreakConnectionsAsync()
    {
        broker.BreakConnections();
        return ValueTask.CompletedTask;
    }
}
