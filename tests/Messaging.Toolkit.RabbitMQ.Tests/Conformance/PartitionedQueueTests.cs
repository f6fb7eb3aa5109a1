using Messaging.Toolkit.Testing.Tests.Conformance;

namespace Messaging.Toolkit.RabbitMQ.Tests.Conformance;

public sealed class PartitionedQueueTests() : RabbitMQConformance(QueueType.Classic, QueueConsumers.Partitioned)
{
    private const string PrefetchIsDivided = "Each partition has its part of the prefetch, so fewer come than the case waits for. PartitionTests has it for partitions.";

    [Theory, ConformanceCases]
    [InlineData("No_more_than_prefetch_are_unsettled", Skip = PrefetchIsDivided)]
    public Task Conforms(string name) => RunAsync(name);
}
