using System.Net;

namespace Messaging.Toolkit.Packaging.Tests;

/// <summary>What somebody does first, done with the packages outside of the repository.</summary>
[Collection(FeedCollection.Name)]
public sealed class ProgramTests(Feed feed)
{
    [Fact]
    public async Task The_program_of_the_README_is_copied_built_and_run()
    {
        await using var program = await (await feed.ProgramsAsync()).StartAsync(Programs.Readme);
        var id = Guid.NewGuid();

        (await program.PostAsync("/orders", new { id, total = 12.5m })).EnsureSuccessStatusCode();

        var orders = await program.WaitForAsync("/orders", answer => answer[0]!["isPaid"]!.GetValue<bool>());
        orders.AsArray().Should().ContainSingle();
        orders[0]!["id"]!.GetValue<Guid>().Should().Be(id);
        orders[0]!["total"]!.GetValue<decimal>().Should().Be(12.5m);
    }

    [Fact]
    public async Task A_service_made_by_its_template_runs()
    {
        await using var program = await (await feed.ProgramsAsync()).StartAsync(Programs.Service);

        var placed = await program.PostAsync("/orders", new { total = 12.5m });

        placed.StatusCode.Should().Be(HttpStatusCode.Accepted);
        await program.WaitForAsync(placed.Headers.Location!.ToString(), order => order["isPaid"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A_saga_made_by_its_template_completes_and_is_undone()
    {
        await using var program = await (await feed.ProgramsAsync()).StartAsync(Programs.Saga);

        var completed = await program.PostAsync("/checkouts", new { product = "book", quantity = 2, total = 20m });
        var refused = await program.PostAsync("/checkouts", new { product = "book", quantity = 3, total = 30_000m });

        completed.StatusCode.Should().Be(HttpStatusCode.OK);
        refused.StatusCode.Should().Be(HttpStatusCode.Conflict);
        (await refused.Content.ReadAsStringAsync()).Should().Contain("the card is good for 1000");
        await program.WaitForAsync("/stock/book", stock => stock["available"]!.GetValue<int>() == 8);
    }
}
