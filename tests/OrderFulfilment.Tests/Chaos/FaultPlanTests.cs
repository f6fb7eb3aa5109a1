using OrderFulfilment.Chaos;
using OrderFulfilment.Chaos.Faults;

namespace OrderFulfilment.Tests.Chaos;

/// <summary>A run can be repeated, as far as its plan goes.</summary>
public sealed class FaultPlanTests
{
    private static readonly string[] Faults = ["kill", "kill", "freeze", "cut"];
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(2);

    [Fact]
    public void The_same_seed_makes_the_same_plan_and_another_seed_another()
    {
        var plan = FaultPlan.Make(Faults, nodes: 3, Options(seed: 1));

        FaultPlan.Make(Faults, nodes: 3, Options(seed: 1)).Should().Equal(plan);
        FaultPlan.Make(Faults, nodes: 3, Options(seed: 2)).Should().NotEqual(plan);
    }

    [Fact]
    public void Faults_come_one_after_the_other_within_the_time_and_hit_every_process()
    {
        var plan = FaultPlan.Make(Faults, nodes: 3, Options(seed: 1));

        plan.Should().BeInAscendingOrder(fault => fault.At);
        plan.Should().OnlyContain(fault => fault.At > TimeSpan.Zero && fault.At < Length && fault.Strength >= 0 && fault.Strength < 1);
        plan.Select(fault => fault.Node).Distinct().Should().BeEquivalentTo([0, 1, 2]);
    }

    [Fact]
    public void Each_fault_comes_as_often_as_it_should()
    {
        var plan = FaultPlan.Make(Faults, nodes: 3, Options(seed: 1));

        foreach (var round in plan.Select(fault => fault.Fault).Chunk(Faults.Length).SkipLast(1))
        {
            round.Should().BeEquivalentTo(Faults);
        }
    }

    [Theory]
    [InlineData("eng/servers", new[] { "server-restart", "server-crash" })]
    [InlineData(null, new string[0])]
    public void The_server_is_restarted_only_if_it_may_be(string? servers, string[] expected)
        => Names(servers, hasBroker: false).Where(name => name.StartsWith("server-", StringComparison.Ordinal)).Should().Equal(expected);

    [Theory]
    [InlineData("eng/servers", false, new string[0])]
    [InlineData("eng/servers", true, new[] { "broker-cut", "broker-black-hole", "broker-slow", "broker-close", "broker-alarm", "broker-restart", "broker-crash" })]
    [InlineData(null, true, new[] { "broker-cut", "broker-black-hole", "broker-slow" })]
    public void A_broker_has_faults_if_there_is_one_and_those_that_hit_everybody_if_they_may(string? servers, bool hasBroker, string[] expected)
        => Names(servers, hasBroker).Where(name => name.StartsWith("broker-", StringComparison.Ordinal)).Should().Equal(expected);

    private static ChaosOptions Options(int seed) => new(Length, Processes: 3, seed, Servers: null);

    private static List<string> Names(string? servers, bool hasBroker)
    {
        var names = AllFaults.List(new ChaosOptions(Length, Processes: 2, Seed: 1, servers) { HasBroker = hasBroker }).Select(one => one.Fault.Name).ToList();
        names.Should().OnlyHaveUniqueItems();
        return names;
    }
}
