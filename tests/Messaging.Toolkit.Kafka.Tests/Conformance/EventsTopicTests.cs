using Messaging.Toolkit.Testing.Tests.Conformance;

namespace Messaging.Toolkit.Kafka.Tests.Conformance;

/// <summary>All events in one topic, and what each endpoint alone gets in another.</summary>
public sealed class EventsTopicTests() : KafkaConformance(options => options.EventTopic = _ => "events")
{
    [Theory, ConformanceCases]
    [InlineData("Deliveries_are_settled_in_any_order", Skip = Reasons.OnePosition)]
    [InlineData("Every_endpoint_gets_what_it_handles_and_nothing_else", Skip = Reasons.OrderOfATopic)]
    public Task Conforms(string name) => RunAsync(name);
}
