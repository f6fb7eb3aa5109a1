using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;

namespace SpaceProvisioning.Spaces;

/// <summary>Lets a space be used: everything that it needs is there.</summary>
public sealed class ActivateRecord(ProvisioningDb db) : ISagaActivity<Provisioning>
{
    public async Task<ActivityResult> ExecuteAsync(Provisioning state, ActivityContext context, CancellationToken cancellationToken)
    {
        var space = await db.Spaces.SingleAsync(space => space.Id == state.SpaceId, cancellationToken);
        space.Activate(state.Shard!, state.Licence!, state.Host!);
        db.Note(state.SpaceId, "activate", context.Message);
        return ActivityResult.Done;
    }
}
