using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using SpaceProvisioning.Spaces;

namespace SpaceProvisioning.Demo.Running;

/// <summary>How far the application has come, by its database.</summary>
/// <param name="Spaces">All sagas of spaces.</param>
/// <param name="Completed">Those with everything done.</param>
/// <param name="Undone">Those with everything undone.</param>
/// <param name="Outbox">Messages that nobody has confirmed yet.</param>
/// <param name="Steps">How much has happened to them all.</param>
internal sealed record Standing(int Spaces, int Completed, int Undone, int Outbox, int Steps)
{
    public static readonly Standing Nothing = new(0, 0, 0, 0, 0);

    public int Open => Spaces - Completed - Undone;

    public static async Task<Standing> ReadAsync(ProvisioningDb db)
    {
        var sagas = db.Set<SagaRow>().Where(saga => saga.Definition == ProvisionSpace.Name);
        var counts = await sagas.GroupBy(saga => saga.Status).Select(group => new { group.Key, Count = group.Count() }).ToDictionaryAsync(group => group.Key, group => group.Count);
        return new Standing(
            counts.Values.Sum(),
            counts.GetValueOrDefault(SagaStatus.Completed),
            counts.GetValueOrDefault(SagaStatus.Compensated),
            await db.Set<OutboxRow>().CountAsync(),
            await sagas.SumAsync(saga => saga.HistoryLength));
    }
}
