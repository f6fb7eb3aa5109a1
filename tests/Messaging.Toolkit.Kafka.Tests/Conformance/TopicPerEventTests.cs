using Messaging.Toolkit.Testing.Tests.Conformance;

namespace Messaging.Toolkit.Kafka.Tests.Conformance;

/// <summary>The default: a topic for each event, and one for what each endpoint alone gets.</summary>
public sealed class TopicPerEventTests() : KafkaConformance(_ => { })
{
    [Theory, ConformanceCases]
    [InlineData("Deliveries_are_settled_in_any_order", Skip = Reasons.OnePosition)]
    [InlineData("Messages_of_a_key_arrive_in_order_whatever_their_types", Skip = Reasons.OrderOfATopic)]
    [InlineData("Every_endpoint_gets_what_it_handles_and_nothing_else", Skip = Reasons.OrderOfATopic)]
    public Task Conforms(string name) => RunAsync(name);
}
