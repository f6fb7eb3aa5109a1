using Messaging.Toolkit.Simulations;
using Xunit.Abstractions;

namespace Messaging.Toolkit.Testing.Tests.Simulations;

/// <summary>The toolkit itself, under every fault. As many seeds as one likes: eng/simulate.</summary>
public sealed class SeedTests(ITestOutputHelper output)
{
    /// <summary>135: a node that stopped in the middle of a round kept leases that it had asked for, or was about to give up.</summary>
    [Theory]
    [InlineData(135)]
    public void Seeds_that_have_found_something_find_it_no_more(ulong seed) => Applications.All["numbered"].OverBroker(false).Run(seeds: 1, firstSeed: seed);

    [Fact]
    public void Every_guarantee_holds_for_500_seeds()
    {
        var report = Applications.All["numbered"].Run(seeds: 500);

        output.WriteLine(report.ToString());
        report.Seeds.Should().Be(500);
        report.Handled.Should().BeGreaterThan(10_000);
        report.FaultPointsReached.Should().BeGreaterThan(100, "otherwise little was tried");
    }

    [Fact]
    public void Every_guarantee_holds_over_RabbitMQ_for_120_seeds()
    {
        var report = SimulatedTransports.All["rabbitmq"](Applications.All["numbered"]).Run(seeds: 120);

        output.WriteLine(report.ToString());
        report.Handled.Should().BeGreaterThan(5_000);
        report.FaultPointsReached.Should().BeGreaterThan(100, "otherwise little was tried");
    }
}
