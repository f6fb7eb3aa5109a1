namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>
/// Proof that the simulator finds what it is there for: mistakes are put into the source text of the packages, one at a time, and
/// each must break a rule. A class for each part of the toolkit, because classes run at the same time.
/// </summary>
/// <param name="simulation">The copy of the program in which the bugs of this class are planted.</param>
public abstract class PlantedBugTests(MutatedSimulation simulation) : IClassFixture<MutatedSimulation>
{
    /// <summary>It is looked for from the seed that found it last. A change of anything may have moved it.</summary>
    private const int SeedsNearby = 4;

    private const int Seeds = 600;
    private const int SeedsWhenApproving = 2000;

    /// <summary>Then it hangs. All the seeds take a minute or three, on a machine that has nothing else to do.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan LimitWhenApproving = TimeSpan.FromMinutes(30);

    private protected static TheoryData<string> NamesOf(IEnumerable<PlantedBug> bugs)
        => [.. bugs.Select(bug => bug.Name)];

    protected async Task ExpectFoundAsync(string name)
    {
        var bug = PlantedBugs.All.Single(bug => bug.Name == name);
        await simulation.PlantAsync(bug);
        if (BugTable.IsToBeWritten)
        {
            var found = await simulation.RunAsync(from: 1, SeedsWhenApproving, LimitWhenApproving);
            found.Should().NotBeNull("one of {0} seeds must find it: {1}", SeedsWhenApproving, bug.Description);
            BugTable.Write(bug, found!);
            return;
        }

        var seed = BugTable.SeedOf(bug);
        var finding = seed is { } last ? await simulation.RunAsync(last, SeedsNearby, Limit) : null;
        finding ??= await simulation.RunAsync(from: 1, Seeds, Limit);
        finding.Should().NotBeNull("one of the seeds from {0} or of the first {1} must find it: {2}", seed, Seeds, bug.Description);
    }
}
