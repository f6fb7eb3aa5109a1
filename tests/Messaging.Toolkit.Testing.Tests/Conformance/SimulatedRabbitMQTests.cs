using Messaging.Toolkit.RabbitMQ;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>The transport of production over the model of its broker.</summary>
public sealed class SimulatedRabbitMQTests
{
    [Theory, ConformanceCases]
    public void Conforms(string name)
    {
        SimulatedRabbitMQ.ExpectConforms(name, queues => queues.Type = QueueType.Quorum);
        SimulatedRabbitMQ.ExpectConforms(name, queues => queues.Type = QueueType.Classic);
    }
}
