using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SpaceProvisioning.Spaces;
using Xunit.Abstractions;

namespace SpaceProvisioning.Tests;

/// <summary>What is so whatever goes wrong.</summary>
public sealed class SpaceSimulationTests(ITestOutputHelper output)
{
    private static readonly string[] Names = ["ann", "bob", "no-shard-cid", "no-licence-dan", "no-route-eve", "slow-shard-fay", "broken-route-gus"];

    [Fact]
    public void Nothing_is_half_provisioned_whatever_goes_wrong()
    {
        var report = Simulation.For<SpaceApplication>()
            .Given<ProvisioningDb>(db => Tables.FillAsync(db, spacesPerShard: 1, licences: 3))
            .Nodes(2)
            .Workload(clients: 3, ProvisionAsync)
            .Always<ProvisioningDb>("what is not free on a shard is placed there", db => db.Shards.AllAsync(shard
                => shard.Free >= 0 && shard.Room - shard.Free == db.Placements.Count(placement => placement.Shard == shard.Name)))
            .Always<ProvisioningDb>("a licence that is not free is granted", db => db.Contracts.AllAsync(contract
                => contract.Free >= 0 && contract.Bought - contract.Free == db.Licences.Count()))
            .Finally<ProvisioningDb>("every saga has ended", db => db.Set<SagaRow>().AllAsync(saga
                => saga.Status == SagaStatus.Completed || saga.Status == SagaStatus.Compensated))
            .Finally<ProvisioningDb>("a space is active and has one of everything, and nothing belongs to none", async db
                => await db.Spaces.AllAsync(space => space.Status == SpaceStatus.Active
                    && db.Placements.Count(placement => placement.SpaceId == space.Id) == 1
                    && db.Licences.Count(licence => licence.SpaceId == space.Id) == 1
                    && db.Routes.Count(route => route.SpaceId == space.Id) == 1)
                && await db.Spaces.CountAsync() is var spaces
                && (spaces, spaces, spaces) == (await db.Placements.CountAsync(), await db.Licences.CountAsync(), await db.Routes.CountAsync()))
            .Finally<ProvisioningDb>("what a saga has done is done once, and undone once if it was compensated", HasDoneEverythingOnceAsync)
            .Run(seeds: 10);

        output.WriteLine(report.ToString());
    }

    private static async Task ProvisionAsync(SimulationClient client)
    {
        // No answer, or not yet: it asks again, with the same key. So all sagas have ended when the clients have; the simulation itself
        // takes a saga that waits for a timeout for one at rest.
        var (id, name) = (client.NewGuid(), Names[client.Random.Next(Names.Length)]);
        int? status;
        do
        {
            status = null;
            await client.CallAsync(async (scope, cancellationToken) => status = await AskAsync(scope, id, name, client.Time, cancellationToken));
            await client.DelayAsync(TimeSpan.FromSeconds(2));
        }
        while (status is not (StatusCodes.Status200OK or StatusCodes.Status409Conflict));
    }

    private static async Task<int?> AskAsync(IServiceProvider scope, Guid id, string name, TimeProvider time, CancellationToken cancellationToken)
        => (await SpacesApi.ProvisionAsync(
            new ProvisionSpaceRequest(name), id.ToString(), scope.GetRequiredService<ISagas>(), new Waiting(TimeSpan.FromSeconds(0.1)), time, cancellationToken) as IStatusCodeHttpResult)?.StatusCode;

    private static async Task<bool> HasDoneEverythingOnceAsync(ProvisioningDb db)
    {
        var deeds = (await db.Deeds.AsNoTracking().OrderBy(deed => deed.Id).ToListAsync()).ToLookup(deed => deed.SpaceId);
        foreach (var saga in await db.Set<SagaRow>().Where(saga => saga.Definition == ProvisionSpace.Name).ToListAsync())
        {
            // Of those that run at once the saga may hear in another order than that of their rows.
            var done = deeds[saga.Id].Where(deed => !deed.IsUndo).Select(deed => deed.Step).ToList();
            var undone = deeds[saga.Id].Where(deed => deed.IsUndo).Select(deed => deed.Step).ToList();
            var isRight = saga.Status == SagaStatus.Completed
                ? done.Count == 5 && undone.Count == 0
                : undone.Order().SequenceEqual(done.Order()) && undone.LastOrDefault() == done.FirstOrDefault();
            if (!isRight || done.Distinct().Count() != done.Count)
            {
                return false;
            }
        }

        return true;
    }
}
