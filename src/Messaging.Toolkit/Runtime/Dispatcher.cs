namespace Messaging.Toolkit.Runtime;

/// <summary>
/// Where a wait goes on that ends inside somebody else's code, which no synchronization context reaches: EF Core goes on
/// wherever a task was completed. The simulator puts its own queue in its place.
/// </summary>
internal class Dispatcher
{
    /// <summary>Runs the action soon, and never inside the caller.</summary>
    public virtual void Post(Action action) => ThreadPool.UnsafeQueueUserWorkItem(static action => action(), action, preferLocal: false);

    /// <summary>Blocks until the task has completed: for callers that have chosen to be synchronous.</summary>
    public virtual T Block<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
