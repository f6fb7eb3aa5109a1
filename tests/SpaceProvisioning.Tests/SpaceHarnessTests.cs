using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using SpaceProvisioning.Deeds;
using SpaceProvisioning.Licences;
using SpaceProvisioning.Shards;
using SpaceProvisioning.Spaces;

namespace SpaceProvisioning.Tests;

/// <summary>What becomes of spaces, without a server and without waiting.</summary>
public sealed class SpaceHarnessTests : IDisposable
{
    private const int Room = 1;
    private const int Bought = 3;

    private readonly MessagingHarness harness = MessagingHarness.Start<SpaceApplication>();

    public SpaceHarnessTests() => harness.Run<ProvisioningDb>(db => Tables.FillAsync(db, Room, Bought));

    public void Dispose() => harness.Dispose();

    [Fact]
    public void A_good_space_gets_one_of_everything()
    {
        var outcome = Provision("ann");

        outcome.IsCompleted.Should().BeTrue(harness.Log);
        outcome.State.Should().BeEquivalentTo(new { Shard = "shard-1", Host = "ann.spaces.example" });
        Deeds().Should().HaveCount(5).And.StartWith("record").And.EndWith("activate").And.OnlyHaveUniqueItems();
        harness.Run((ProvisioningDb db) => db.Spaces.SingleAsync()).Should().BeEquivalentTo(
            new { outcome.State!.Name, Status = SpaceStatus.Active, outcome.State.Shard, outcome.State.Licence, outcome.State.Host });
        harness.DeadLetters.Should().BeEmpty();
    }

    [Theory]
    [InlineData("no-shard-ann", "shard: no shard has room", 0)]
    [InlineData("no-licence-ann", "licence: no licence is left", 0)]
    [InlineData("no-route-ann", "route: the host name cannot be routed", 0)]
    [InlineData("broken-shard-ann", "shard: *", 1)]
    [InlineData("broken-licence-ann", "licence: *", 1)]
    [InlineData("broken-route-ann", "route: *", 1)]
    public void When_a_service_refuses_or_fails_Should_leave_nothing(string name, string reason, int deadLetters)
    {
        var outcome = Provision(name);

        outcome.IsCompensated.Should().BeTrue(harness.Log);
        outcome.Reason.Should().Match(reason);
        harness.DeadLetters.Should().HaveCount(deadLetters);
        ShouldBeEmpty();
        var deeds = Deeds();
        deeds.Where(deed => deed.StartsWith("undo ", StringComparison.Ordinal)).Should().Equal(
            deeds.Where(deed => !deed.StartsWith("undo ", StringComparison.Ordinal)).Reverse().Select(deed => "undo " + deed), "each is undone once, in the reverse order");
    }

    [Fact]
    public void A_name_is_given_once_and_given_back()
    {
        Provision("ann").IsCompleted.Should().BeTrue();
        Provision("no-route-bob").IsCompensated.Should().BeTrue();

        Provision("ann").Reason.Should().Be("record: the name is taken");
        Provision("no-route-bob").Reason.Should().StartWith("route");
    }

    [Fact]
    public void When_the_licences_are_used_up_Should_refuse_and_give_the_shard_back()
    {
        foreach (var name in (string[])["ann", "bob", "cid"])
        {
            Provision(name).IsCompleted.Should().BeTrue();
        }

        Provision("dan").Reason.Should().Be("licence: no licence is left");

        harness.Run((ProvisioningDb db) => db.Shards.SumAsync(shard => shard.Free)).Should().Be((Tables.Shards * Room) - Bought);
    }

    [Fact]
    public void A_slow_shard_replies_when_it_is_ready()
    {
        var slow = Provision("slow-shard-ann", wait: TimeSpan.FromSeconds(1));
        var later = harness.Run((ISagas sagas) => sagas.WaitAsync<ProvisionSpace, Provisioning>(slow.Id, TimeSpan.FromSeconds(30)));

        slow.Status.Should().Be(SagaStatus.Running);
        later.IsCompleted.Should().BeTrue(harness.Log);
        harness.Handled<SpacePlaced>("spaces").Should().ContainSingle();
    }

    [Fact]
    public void A_repeated_request_is_the_same_saga()
    {
        var id = Guid.NewGuid();

        var first = Provision("ann", id);
        var second = Provision("ann", id);

        second.Should().BeEquivalentTo(first);
        harness.Handled<GrantLicence>().Should().ContainSingle();
        harness.Run((ProvisioningDb db) => db.Set<Deed>().CountAsync()).Should().Be(5);
    }

    private SagaOutcome<Provisioning> Provision(string name, Guid? key = null, TimeSpan? wait = null)
    {
        var id = key ?? Guid.NewGuid();
        return harness.Run((ISagas sagas) => sagas.RunAsync<ProvisionSpace, Provisioning>(
            new Provisioning { SpaceId = id, Name = name }, wait ?? TimeSpan.FromMinutes(1), id));
    }

    private List<string> Deeds()
        => harness.Run((ProvisioningDb db) => db.Deeds.OrderBy(deed => deed.Id).Select(deed => (deed.IsUndo ? "undo " : "") + deed.Step).ToListAsync());

    private void ShouldBeEmpty() => harness.Run<ProvisioningDb>(async db =>
    {
        (await db.Spaces.AnyAsync() || await db.Placements.AnyAsync() || await db.Licences.AnyAsync() || await db.Routes.AnyAsync()).Should().BeFalse();
        (await db.Shards.AllAsync(shard => shard.Free == shard.Room) && await db.Contracts.AllAsync(contract => contract.Free == contract.Bought)).Should().BeTrue();
    });
}
