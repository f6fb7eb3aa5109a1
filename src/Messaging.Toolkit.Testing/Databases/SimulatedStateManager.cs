#pragma warning disable EF1001 // The only place at which EF goes on in the caller's context is internal.
using Messaging.Toolkit.EntityFrameworkCore.Writing;
using Microsoft.EntityFrameworkCore.ChangeTracking.Internal;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>
/// Saves without a synchronization context. EF Core awaits with ConfigureAwait(false), except once in the middle of a save;
/// what awaits that would go on on the thread pool.
/// </summary>
internal sealed class SimulatedStateManager(StateManagerDependencies dependencies) : StateManager(dependencies)
{
    public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
        => WithoutContext.Run(() => base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken));
}
