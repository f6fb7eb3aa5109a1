namespace Messaging.Toolkit.Testing.Tests.Simulations;

/// <summary>What somebody sees whose application has a mistake.</summary>
public sealed class FailureTests
{
    [Fact]
    public void A_broken_invariant_comes_with_its_seed_and_the_fewest_faults()
    {
        var failure = Fail(() => BrokenApplications.ThatRepeatsItself.Run(seeds: 300));

        failure.Violations.Should().ContainSingle().Which.Rule.Should().Be("everybody has deposited once");
        failure.Message.Should().MatchRegex(@"everybody has deposited once: It does not hold in the end\.")
            .And.MatchRegex(@"(Of its \d+ faults these are needed: |It needs its only fault: )\w+#\d+(, \w+#\d+)*\.");
    }

    [Fact]
    public void Its_seed_breaks_it_again()
    {
        var seed = Fail(() => BrokenApplications.ThatRepeatsItself.Run(seeds: 300)).Seed;

        Fail(() => BrokenApplications.ThatRepeatsItself.Run(seeds: 1, firstSeed: seed)).Seed.Should().Be(seed);
    }

    [Fact]
    public void Without_faults_nobody_sees_it() => BrokenApplications.ThatRepeatsItself.Faults(FaultRates.None).Run(seeds: 30).Faults.Should().Be(0);

    [Fact]
    public void Only_the_faults_asked_for_happen()
    {
        var rates = FaultRates.None.With(FaultKind.SlowHandler, 0.3);

        var report = BrokenApplications.ThatRepeatsItself.Faults(rates).Run(seeds: 30);

        report.Faults.Should().BePositive();
        report.Coverage.Keys.Should().OnlyContain(point => point.StartsWith("SlowHandler"));
    }

    [Fact]
    public void Code_that_leaves_the_simulation_is_told_so()
        => Fail(() => BrokenApplications.OnTheThreadPool.Faults(FaultRates.None).Run(seeds: 1)).Message.Should().Contain("determinism").And.Contain("another thread");

    [Fact]
    public void An_invariant_that_never_holds_fails_after_the_first_commit()
    {
        var failure = Fail(() => BrokenApplications.ThatRepeatsItself.Always<Bank>("nothing is ever so", _ => Task.FromResult(false)).Run(seeds: 1));

        failure.Violations[0].ToString().Should().Be("nothing is ever so: It does not hold.");
    }

    [Fact]
    public void A_workload_that_throws_fails()
        => Fail(() => BrokenApplications.With<Deposit>().Workload(1, _ => throw new FormatException("no idea")).Run(seeds: 1)).Message.Should().Contain("no idea");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void There_is_at_least_one_seed_node_and_client(int number)
    {
        var simulation = BrokenApplications.ThatRepeatsItself;

        simulation.Invoking(s => s.Run(number)).Should().Throw<ArgumentOutOfRangeException>();
        simulation.Invoking(s => s.Nodes(number)).Should().Throw<ArgumentOutOfRangeException>();
        simulation.Invoking(s => s.Workload(number, _ => Task.CompletedTask)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_rate_is_a_probability(double rate)
        => FaultRates.None.Invoking(rates => rates.With(FaultKind.Crash, rate)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*Crash*between 0 and 1*");

    [Fact]
    public void An_application_without_messaging_is_refused()
        => Simulation.Of(_ => { }).Invoking(simulation => simulation.Run(1)).Should().Throw<InvalidOperationException>().WithMessage("*AddMessaging*");

    private static SimulationFailedException Fail(Action run) => run.Should().Throw<SimulationFailedException>().Which;
}
