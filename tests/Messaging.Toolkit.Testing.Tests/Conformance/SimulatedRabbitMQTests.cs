using Messaging.Toolkit.RabbitMQ;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>The transport of production over the model of its broker.</summary>
public sealed class SimulatedRabbitMQTests
{
    private const int Seeds = 5;

    [Theory, ConformanceCases]
    public void Conforms(string name)
    {
        for (var seed = 1UL; seed <= Seeds; seed++)
        {
            SimulatedRabbitMQ.Run(name, seed, QueueType.Quorum).Should().BeNull("seed {0}", seed);
            SimulatedRabbitMQ.Run(name, seed, QueueType.Classic).Should().BeNull("seed {0}", seed);
        }
    }
}
