namespace Messaging.Toolkit.EntityFrameworkCore.Writing;

/// <summary>
/// EF Core goes on without a synchronization context after its first wait. So does what it calls: otherwise the caller's
/// context would be entered and left again in the middle of a save.
/// </summary>
internal static class WithoutContext
{
    public static TTask Run<TTask>(Func<TTask> work)
    {
        if (SynchronizationContext.Current is not { } context)
        {
            return work();
        }

        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return work();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }
}
