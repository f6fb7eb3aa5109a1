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
        var plan = FaultPlan.Make(Faults, Length, nodes: 3, seed: 1);

        FaultPlan.Make(Faults, Length, nodes: 3, seed: 1).Should().Equal(plan);
        FaultPlan.Make(Faults, Length, nodes: 3, seed: 2).Should().NotEqual(plan);
    }

    [Fact]
    public void Faults_come_one_after_the_other_within_the_time_and_hit_every_process()
    {
        var plan = FaultPlan.Make(Faults, Length, nodes: 3, seed: 1);

        plan.Should().BeInAscendingOrder(fault => fault.At);
        plan.Should().OnlyContain(fault => fault.At > TimeSpan.Zero && fault.At < Length && fault.Strength >= 0 && fault.Strength < 1);
        plan.Select(fault => fault.Node).Distinct().Should().BeEquivalentTo([0, 1, 2]);
    }

    [Fact]
    public void Each_fault_comes_as_often_as_it_should()
    {
        var plan = FaultPlan.Make(Faults, Length, nodes: 3, seed: 1);

        foreach (var round in plan.Select(fault => fault.Fault).Chunk(Faults.Length).SkipLast(1))
        {
            round.Should().BeEquivalentTo(Faults);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_server_is_restarted_only_if_it_may_be(bool withServer)
    {
        var names = AllFaults.List(withServer).Select(one => one.Fault.Name).ToList();

        names.Should().OnlyHaveUniqueItems();
        names.Any(name => name.StartsWith("server-", StringComparison.Ordinal)).Should().Be(withServer);
    }
}
