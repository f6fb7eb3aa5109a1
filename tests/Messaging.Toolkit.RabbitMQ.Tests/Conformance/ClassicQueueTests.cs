using Messaging.Toolkit.Testing.Tests.Conformance;

namespace Messaging.Toolkit.RabbitMQ.Tests.Conformance;

public sealed class ClassicQueueTests() : RabbitMQConformance(QueueType.Classic)
{
    [Theory, ConformanceCases]
    public Task Conforms(string name) => RunAsync(name);
}
