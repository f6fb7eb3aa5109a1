using Messaging.Toolkit.Transports;
using Messaging.Toolkit.Transports.InProcess;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

public sealed class InProcessTransportTests : TransportConformance
{
    private const string KeepsNothing = "It keeps nothing: a message is confirmed when its endpoint has settled it, and until then it is a row of the outbox.";

    [Theory, ConformanceCases]
    [InlineData("What_is_confirmed_is_kept", Skip = KeepsNothing)]
    [InlineData("What_is_not_settled_comes_again_before_anything_newer", Skip = KeepsNothing)]
    [InlineData("Deliveries_are_settled_in_any_order", Skip = KeepsNothing)]
    [InlineData("No_more_than_prefetch_are_unsettled", Skip = "It fetches nothing ahead: the relay's window and the endpoint bound what is under way.")]
    [InlineData("Of_two_receivers_each_gets_what_the_other_does_not", Skip = "Each process delivers to itself. Processes share the outbox by its buckets.")]
    [InlineData("What_is_confirmed_outlives_broken_connections", Skip = "It has no connections.")]
    public Task Conforms(string name) => RunAsync(name);

    protected override ValueTask<ITransport> CreateTransportAsync(MessageTopology topology) => new(new InProcessTransport());
}
