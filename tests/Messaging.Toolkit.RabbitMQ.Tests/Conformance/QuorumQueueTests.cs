using Messaging.Toolkit.Testing.Tests.Conformance;

namespace Messaging.Toolkit.RabbitMQ.Tests.Conformance;

public sealed class QuorumQueueTests() : RabbitMQConformance(QueueType.Quorum)
{
    private const string LosesAcknowledgements =
        "The broker holds back acknowledgements of a quorum queue when there are dozens one by one, and forgets them if the channel closes then: those messages come again, as duplicates.";

    [Theory, ConformanceCases]
    [InlineData("Deliveries_are_settled_in_any_order", Skip = LosesAcknowledgements)]
    public Task Conforms(string name) => RunAsync(name);
}
