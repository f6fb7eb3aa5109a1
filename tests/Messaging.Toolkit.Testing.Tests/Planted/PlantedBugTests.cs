namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>
/// Proof that the simulator finds what it is there for: mistakes are put into the source text of the packages, one at a time, and
/// each must break a rule.
/// </summary>
public sealed class PlantedBugTests(MutatedSimulation simulation) : IClassFixture<MutatedSimulation>
{
    /// <summary>It is looked for from the seed that found it last. A change of anything may move it.</summary>
    private const int SeedsNearby = 4;

    private const int Seeds = 200;
    private const int SeedsWhenApproving = 2000;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LimitWhenApproving = TimeSpan.FromMinutes(30);

    public static TheoryData<string> Names => [.. PlantedBugs.All.Select(bug => bug.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Is_found(string name)
    {
        var bug = PlantedBugs.All.Single(bug => bug.Name == name);
        await simulation.PlantAsync(bug);
        if (BugTable.IsToBeWritten)
        {
            var found = await simulation.RunAsync(from: 1, SeedsWhenApproving, LimitWhenApproving);
            found.Should().NotBeNull("none of {0} seeds has found it: {1}", SeedsWhenApproving, bug.Description);
            BugTable.Write(bug, found!);
            return;
        }

        var seed = BugTable.SeedOf(bug);
        var finding = seed is { } last ? await simulation.RunAsync(last, SeedsNearby, Limit) : null;
        finding ??= await simulation.RunAsync(from: 1, Seeds, Limit);
        finding.Should().NotBeNull("neither the seeds from {0} nor the first {1} have found it: {2}", seed, Seeds, bug.Description);
    }

    /// <summary>Otherwise it would be the way in which they are planted that is found.</summary>
    [Theory]
    [InlineData("Messaging.Toolkit/Outbox/OutboxRelay.cs")]
    [InlineData("Messaging.Toolkit.EntityFrameworkCore/Stores/EfInbox.cs")]
    public async Task Without_a_bug_nothing_is_found(string file)
    {
        await simulation.PlantAsync(new PlantedBug("none", "It is as it was.", file, "namespace Messaging.", "namespace Messaging."));

        (await simulation.RunAsync(from: 1, seeds: 12, Limit)).Should().BeNull();
    }

    [Fact]
    public void All_are_in_the_documentation()
        => BugTable.Read().Select(row => (row.Name, row.Description)).Should().Equal(
            PlantedBugs.All.Select(bug => (bug.Name, bug.Description)), "with {0}=1 the tests write {1}", BugTable.Variable, BugTable.Page);
}
