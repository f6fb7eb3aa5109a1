using System.Net;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Testing;
using SpaceProvisioning.Demo.Proving;
using SpaceProvisioning.Demo.Spaces;
using SpaceProvisioning.Spaces;

namespace SpaceProvisioning.Tests;

/// <summary>The demonstration proves something only if it would notice.</summary>
public sealed class ProofTests
{
    private static readonly PlannedSpace Good = new(Guid.NewGuid(), "ann", MayComplete: true, MayBeUndone: false, IsImpatient: false);
    private static readonly PlannedSpace Refused = new(Guid.NewGuid(), "no-route-bob", MayComplete: false, MayBeUndone: true, IsImpatient: false);

    [Fact]
    public void Each_fault_is_found_and_a_good_run_has_none()
    {
        var good = Evidence();

        Find(good).Should().BeEmpty();
        Find(good with { Sagas = [.. good.Sagas.Skip(1)] }).Should().Contain(FindingKind.Lost);
        Find(good with { Spaces = [] }).Should().Contain(FindingKind.HalfDone);
        Find(good with { Placements = [] }).Should().Contain(FindingKind.HalfDone);
        Find(good with { Routes = [] }).Should().Contain(FindingKind.HalfDone);
        Find(good with { Licences = [.. good.Licences, good.Licences[0]] }).Should().Contain(FindingKind.Duplicated);
        foreach (var deed in good.Deeds)
        {
            Find(good with { Deeds = [.. good.Deeds.Where(other => other != deed)] }).Should().Contain(FindingKind.HalfDone);
            Find(good with { Deeds = [.. good.Deeds, deed] }).Should().Contain(FindingKind.Duplicated);
        }

        var undone = good.History.Where(entry => entry.Event == SagaEvent.CompensationSucceeded).ToList();
        (undone[0].Step, undone[1].Step) = (undone[1].Step, undone[0].Step);
        Find(good).Should().Equal(FindingKind.OutOfOrder);
    }

    [Fact]
    public void A_client_that_was_told_something_else_is_found()
        => Find(Evidence(), isGoodCompleted: false).Should().Equal(FindingKind.Wrong);

    private static IEnumerable<FindingKind> Find(Evidence evidence, bool isGoodCompleted = true)
        => new Proof(evidence, [Good, Refused], new Dictionary<Guid, IReadOnlyList<Answer>>
        {
            [Good.Key] = [new Answer(HttpStatusCode.OK, isGoodCompleted)],
            [Refused.Key] = [new Answer(HttpStatusCode.Conflict, IsCompleted: false)],
        }).Find().Select(finding => finding.Kind);

    private static Evidence Evidence()
    {
        using var harness = MessagingHarness.Start<SpaceApplication>();
        harness.Run<ProvisioningDb>(db => Tables.FillAsync(db));
        foreach (var space in (PlannedSpace[])[Good, Refused])
        {
            harness.Run((ISagas sagas) => sagas.RunAsync<ProvisionSpace, Provisioning>(
                new Provisioning { SpaceId = space.Key, Name = space.Name }, TimeSpan.FromMinutes(1), space.Key));
        }

        harness.WaitUntilIdle();
        return harness.Run((ProvisioningDb db) => Demo.Proving.Evidence.ReadAsync(db));
    }
}
