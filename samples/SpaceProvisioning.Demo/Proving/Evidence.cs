using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Microsoft.EntityFrameworkCore;
using SpaceProvisioning.Deeds;
using SpaceProvisioning.Licences;
using SpaceProvisioning.Routing;
using SpaceProvisioning.Shards;
using SpaceProvisioning.Spaces;

namespace SpaceProvisioning.Demo.Proving;

/// <summary>All that is in the database.</summary>
internal sealed record Evidence(
    IReadOnlyList<SagaRow> Sagas, IReadOnlyList<SagaHistoryRow> History, IReadOnlyList<Deed> Deeds, IReadOnlyList<Space> Spaces, IReadOnlyList<Shard> Shards,
    IReadOnlyList<Placement> Placements, IReadOnlyList<Contract> Contracts, IReadOnlyList<Licence> Licences, IReadOnlyList<HostRoute> Routes,
    IReadOnlyList<OutboxRow> Outbox, IReadOnlyList<DeadLetterRow> DeadLetters)
{
    public static async Task<Evidence> ReadAsync(ProvisioningDb db) => new(
        await db.Set<SagaRow>().AsNoTracking().Where(saga => saga.Definition == ProvisionSpace.Name).ToListAsync(),
        await db.Set<SagaHistoryRow>().AsNoTracking().OrderBy(entry => entry.Sequence).ToListAsync(),
        await db.Deeds.AsNoTracking().OrderBy(deed => deed.Id).ToListAsync(),
        await db.Spaces.AsNoTracking().ToListAsync(),
        await db.Shards.AsNoTracking().ToListAsync(),
        await db.Placements.AsNoTracking().ToListAsync(),
        await db.Contracts.AsNoTracking().ToListAsync(),
        await db.Licences.AsNoTracking().ToListAsync(),
        await db.Routes.AsNoTracking().ToListAsync(),
        await db.Set<OutboxRow>().AsNoTracking().ToListAsync(),
        await db.Set<DeadLetterRow>().AsNoTracking().ToListAsync());
}
