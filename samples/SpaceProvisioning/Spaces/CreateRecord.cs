using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;

namespace SpaceProvisioning.Spaces;

/// <summary>Takes the name of a space, in the transaction in which its saga begins.</summary>
public sealed class CreateRecord(ProvisioningDb db) : ISagaActivity<Provisioning>
{
    public async Task<ActivityResult> ExecuteAsync(Provisioning state, ActivityContext context, CancellationToken cancellationToken)
    {
        // Of two that ask at once, the index lets one through. The other's attempt is rolled back, and the next one finds the name here.
        if (await db.Spaces.AnyAsync(space => space.Name == state.Name, cancellationToken))
        {
            return ActivityResult.Failed("the name is taken");
        }

        db.Spaces.Add(new Space { Id = state.SpaceId, Name = state.Name });
        db.Note(state.SpaceId, "record", context.Message);
        return ActivityResult.Done;
    }
}
