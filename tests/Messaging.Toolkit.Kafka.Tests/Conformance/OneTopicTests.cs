using Messaging.Toolkit.Testing.Tests.Conformance;

namespace Messaging.Toolkit.Kafka.Tests.Conformance;

/// <summary>Everything in one topic: a key has one order, whatever the types.</summary>
public sealed class OneTopicTests() : KafkaConformance(options =>
{
    options.EventTopic = _ => "everything";
    options.CommandTopic = _ => "everything";
})
{
    [Theory, ConformanceCases]
    [InlineData("Deliveries_are_settled_in_any_order", Skip = Reasons.OnePosition)]
    public Task Conforms(string name) => RunAsync(name);
}

internal static class Reasons
{
    public const string OnePosition =
        "Kafka keeps one position of a partition: what was settled behind something that was not comes again, as a duplicate. ReceiverTests has it for Kafka.";

    public const string OrderOfATopic = "A key has its order within a topic, and commands are not in that of events here. OneTopicTests has it for a topic that they share.";
}
