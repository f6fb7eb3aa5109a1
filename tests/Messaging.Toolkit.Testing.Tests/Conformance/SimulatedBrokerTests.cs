namespace Messaging.Toolkit.Testing.Tests.Conformance;

public sealed class SimulatedBrokerTests
{
    private const int Seeds = 20;

    [Theory, ConformanceCases]
    [InlineData("No_more_than_prefetch_are_unsettled", Skip = "It does not bound what the toolkit takes: it reports a violation of G8 if that is too much.")]
    public void Conforms(string name)
    {
        for (var seed = 1UL; seed <= Seeds; seed++)
        {
            SimulatedBrokerConformance.Run(name, seed).Should().BeNull("seed {0}", seed);
        }
    }
}
