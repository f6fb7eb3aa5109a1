using System.Collections.Concurrent;

namespace Messaging.Toolkit.Diagnostics;

/// <summary>Everything that runs in the background of this process. Thread-safe.</summary>
internal sealed class BackgroundWork
{
    private readonly ConcurrentQueue<WorkState> all = new();

    public IReadOnlyCollection<WorkState> All => all;

    public WorkState Add(string name)
    {
        var state = new WorkState(name);
        all.Enqueue(state);
        return state;
    }
}
