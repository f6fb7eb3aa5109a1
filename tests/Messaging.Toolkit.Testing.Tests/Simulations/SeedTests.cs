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

    /// <summary>
    /// 60: a message that went on without a step that was given up had no attempts left. 330: a failure of something else in the last attempt
    /// of a step that failed each time sent the message to the dead letters, and left the saga stuck.
    /// </summary>
    [Theory]
    [InlineData(60)]
    [InlineData(330)]
    public void So_it_is_with_sagas(ulong seed) => Applications.All["sagas"].Run(seeds: 1, firstSeed: seed);

    /// <summary>551: a consumer was at work before its receiver had it, and what it was to store was lost.</summary>
    [Theory]
    [InlineData(551)]
    public void So_it_is_over_Kafka(ulong seed) => SimulatedTransports.All["kafka"](Applications.All["numbered"]).Run(seeds: 1, firstSeed: seed);

    [Fact]
    public void Every_guarantee_holds_for_500_seeds()
    {
        var report = Applications.All["numbered"].Run(seeds: 500);

        output.WriteLine(report.ToString());
        report.Seeds.Should().Be(500);
        report.Handled.Should().BeGreaterThan(10_000);
        report.FaultPointsReached.Should().BeGreaterThan(100, "otherwise little was tried");
    }

    /// <summary>4 and 6: a parked message waited in memory behind a later one of its key, for which there was no room to park.</summary>
    [Fact]
    public void Every_guarantee_holds_with_handlers_that_fail_for_60_seeds()
    {
        var report = Applications.All["failing"].Run(seeds: 60);

        output.WriteLine(report.ToString());
        report.Seeds.Should().Be(60);
        report.Handled.Should().BeGreaterThan(2_500);
        report.FaultPointsReached.Should().BeGreaterThan(90, "otherwise little was tried");
    }

    /// <summary>What is counted over one is echoed over the other, and one endpoint receives from both.</summary>
    [Theory]
    [InlineData("broker", 60)]
    [InlineData("rabbitmq", 25)]
    public void Every_guarantee_holds_with_two_transports(string transport, int seeds)
    {
        var report = SimulatedTransports.All[transport](Applications.All["crossing"]).Run(seeds);

        output.WriteLine(report.ToString());
        report.Seeds.Should().Be(seeds);
        report.Handled.Should().BeGreaterThan(seeds * 50);
        report.FaultPointsReached.Should().BeGreaterThan(70, "otherwise little was tried");
    }

    [Fact]
    public void Every_guarantee_holds_with_sagas_for_100_seeds()
    {
        var report = Applications.All["sagas"].Run(seeds: 100);

        output.WriteLine(report.ToString());
        report.Seeds.Should().Be(100);
        report.Handled.Should().BeGreaterThan(6_000);
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

    [Theory]
    [InlineData("numbered", 40)]
    [InlineData("failing", 25)]
    [InlineData("sagas", 15)]
    public void Every_guarantee_holds_over_Kafka_with_positions_in_the_database(string application, int seeds)
    {
        var report = SimulatedTransports.All["kafka-offsets"](Applications.All[application]).Run(seeds);

        output.WriteLine(report.ToString());
        report.Seeds.Should().Be(seeds);
        report.Handled.Should().BeGreaterThan(seeds * 40);
        report.FaultPointsReached.Should().BeGreaterThan(80, "otherwise little was tried");
    }

    [Fact]
    public void Every_guarantee_holds_over_Kafka_for_60_seeds()
    {
        var report = SimulatedTransports.All["kafka"](Applications.All["numbered"]).Run(seeds: 60);

        output.WriteLine(report.ToString());
        report.Seeds.Should().Be(60);
        report.Handled.Should().BeGreaterThan(3_500);
        report.FaultPointsReached.Should().BeGreaterThan(90, "otherwise little was tried");
    }
}
