namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>What makes the other tests of this folder mean something.</summary>
public sealed class PlantedBugsTests(MutatedSimulation simulation) : IClassFixture<MutatedSimulation>
{
    /// <summary>Otherwise it would be the way in which bugs are planted that is found.</summary>
    [Theory]
    [InlineData("Messaging.Toolkit/Outbox/OutboxRelay.cs")]
    [InlineData("Messaging.Toolkit.EntityFrameworkCore/Stores/EfInbox.cs")]
    [InlineData("Messaging.Toolkit.RabbitMQ/Sending/RabbitMQSender.cs")]
    [InlineData("Messaging.Toolkit.Kafka/Sending/KafkaSender.cs")]
    public async Task Without_a_bug_nothing_is_found(string file)
    {
        await simulation.PlantAsync(new PlantedBug("none", "It is as it was.", file, "namespace Messaging.", "namespace Messaging."));

        (await simulation.RunAsync(from: 1, seeds: 12, TimeSpan.FromMinutes(2))).Should().BeNull();
    }

    /// <summary>Without running anything: whoever changes a line that one quotes is told at once.</summary>
    [Fact]
    public void Each_is_a_change_of_text_that_is_there()
        => PlantedBugs.All.Should().AllSatisfy(bug => bug.PlantIn(File.ReadAllText(Path.Combine(Repository.Root, "src", bug.File))).Should().NotBeEmpty());

    [Fact]
    public void They_are_all_in_the_documentation()
    {
        var documented = BugTable.Read().Select(row => (row.Name, row.Description)).ToList();

        documented.Should().BeEquivalentTo(PlantedBugs.All.Select(bug => (bug.Name, bug.Description)), "with {0}=1 the tests write {1}", BugTable.Variable, BugTable.Page);
    }
}
