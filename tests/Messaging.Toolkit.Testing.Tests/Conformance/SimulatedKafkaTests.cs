namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>The transport of production over the model of its cluster.</summary>
public sealed class SimulatedKafkaTests
{
    [Theory, ConformanceCases]
    [InlineData("Deliveries_are_settled_in_any_order", Skip = "Kafka keeps one position of a partition: what was settled behind something that was not comes again, as a duplicate.")]
    public void Conforms(string name) => SimulatedKafka.ExpectConforms(name);
}
