using Messaging.Toolkit.Simulations.Kafka;
using Messaging.Toolkit.Simulations.RabbitMQ;
using Messaging.Toolkit.Testing;

namespace Messaging.Toolkit.Simulations;

/// <summary>What the messages of a simulation travel over. If nothing is said, the seed chooses one of the first two.</summary>
internal static class SimulatedTransports
{
    public static IReadOnlyDictionary<string, Func<Simulation, Simulation>> All { get; } = new Dictionary<string, Func<Simulation, Simulation>>
    {
        ["in-process"] = simulation => simulation.OverBroker(false),
        ["broker"] = simulation => simulation.OverBroker(true),
        ["rabbitmq"] = simulation => simulation.Over((world, lane, rates) => new RabbitBroker(world, lane, rates)),
        ["kafka"] = simulation => simulation.Over((world, lane, rates) => new KafkaCluster(world, lane, ClusterOptions.For(world.Seed, rates))),
        ["kafka-offsets"] = simulation => simulation.Over((world, lane, rates) => new KafkaCluster(world, lane, ClusterOptions.For(world.Seed, rates) with { OffsetsInDatabase = true })),
    };
}
