using Messaging.Toolkit.RabbitMQ;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>The same with several queues for each endpoint.</summary>
public sealed class SimulatedPartitionsTests
{
    [Theory, ConformanceCases]
    [InlineData("No_more_than_prefetch_are_unsettled", Skip = "Each partition has its part of the prefetch, so fewer come than the case waits for.")]
    public void Conforms(string name) => SimulatedRabbitMQ.ExpectConforms(name, queues => queues.Consumers = QueueConsumers.Partitioned);
}
