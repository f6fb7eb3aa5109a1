using Messaging.Toolkit.Runtime;

namespace Messaging.Toolkit.Testing.Worlds;

/// <summary>Puts what would go to the thread pool among the things that may happen next.</summary>
internal sealed class LaneDispatcher(Lane lane) : Dispatcher
{
    public override void Post(Action action) => lane.World.Post(lane, action, inContext: false);

    public override T Block<T>(Task<T> task) => task.IsCompleted
        ? task.GetAwaiter().GetResult()
        : throw new NotSupportedException("A simulation has one thread, and this would block it for ever: use the asynchronous method, SaveChangesAsync for instance.");
}
