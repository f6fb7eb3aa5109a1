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
    private readonly RabbitBroker broker;
    private readonly QueueType type;

    private SimulatedRabbitMQ(World world, QueueType type) : base(world)
    {
        this.type = type;
        broker = new RabbitBroker(world, BrokerLane, FaultRates.None);
    }

    /// <summary>Runs a case and returns what is wrong, or null.</summary>
    public static Exception? Run(string name, ulong seed, QueueType type) => Run(new SimulatedRabbitMQ(new World(seed), type), name);

    protected override ITransport CreateTransport(NodeLife life, MessageTopology topology)
    {
        var options = new RabbitMQOptions
        {
            IgnoreUnroutableEvents = true,
            Queues = { Type = type },
            Open = (_, name, cancellationToken) => broker.ConnectAsync(life, name, cancellationToken),
        };
        return new RabbitMQTransport(options, topology, new MessageIds(Time, new EntropySource()), Time, NullLogger.Instance);
    }

    protected override ValueTask BreakConnectionsAsync()
    {
        broker.BreakConnections();
        return ValueTask.CompletedTask;
    }
}
