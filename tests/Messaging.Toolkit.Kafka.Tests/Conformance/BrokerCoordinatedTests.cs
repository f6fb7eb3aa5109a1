using Confluent.Kafka;
using Messaging.Toolkit.Testing.Tests.Conformance;

namespace Messaging.Toolkit.Kafka.Tests.Conformance;

/// <summary>The newer protocol of groups (KIP-848): the broker says who has which partition.</summary>
public sealed class BrokerCoordinatedTests() : KafkaConformance(options =>
{
    options.EventTopic = _ => "everything";
    options.CommandTopic = _ => "everything";
    options.GroupProtocol = GroupProtocol.Consumer;
    options.ConsumerProperties.Remove("session.timeout.ms");
    options.ConsumerProperties.Remove("heartbeat.interval.ms");
})
{
    [Theory, ConformanceCases]
    [InlineData("Deliveries_are_settled_in_any_order", Skip = Reasons.OnePosition)]
    public Task Conforms(string name) => RunAsync(name);
}
