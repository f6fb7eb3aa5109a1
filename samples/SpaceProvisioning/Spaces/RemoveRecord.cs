using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;

namespace SpaceProvisioning.Spaces;

/// <summary>The compensation of <see cref="CreateRecord"/>: gives the name back.</summary>
public sealed class RemoveRecord(ProvisioningDb db) : ISagaActivity<Provisioning>
{
    public async Task<ActivityResult> ExecuteAsync(Provisioning state, ActivityContext context, CancellationToken cancellationToken)
    {
        db.Spaces.Remove(await db.Spaces.SingleAsync(space => space.Id == state.SpaceId, cancellationToken));
        db.Note(state.SpaceId, "record", context.Message, isUndo: true);
        return ActivityResult.Done;
    }
}
