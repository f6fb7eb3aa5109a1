namespace Messaging.Toolkit.Testing.Worlds;

/// <summary>What belongs together in a world, and runs, is frozen or dies together: one life of a node, or what is outside of all nodes.</summary>
internal sealed class Lane
{
    public Lane(World world, string name)
    {
        World = world;
        Name = name;
        Context = new LaneContext(this);
    }

    public World World { get; }

    public string Name { get; }

    public LaneState State { get; set; }

    /// <summary>Where its code goes on after it has waited.</summary>
    public SynchronizationContext Context { get; }

    /// <summary>What became ready while it was frozen.</summary>
    public List<WorkItem> Held { get; } = [];

    public override string ToString() => Name;

    private sealed class LaneContext(Lane lane) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback callback, object? state) => lane.World.Post(lane, () => callback(state), waiter: state);

        public override void Send(SendOrPostCallback callback, object? state) => throw new NotSupportedException("A simulation has one thread: nothing can wait for it.");

        public override SynchronizationContext CreateCopy() => this;
    }
}

internal enum LaneState
{
    Running,

    /// <summary>Nothing of it happens, but it holds what it holds: a process in the middle of a long pause.</summary>
    Frozen,

    /// <summary>Nothing of it will ever happen.</summary>
    Dead,
}
