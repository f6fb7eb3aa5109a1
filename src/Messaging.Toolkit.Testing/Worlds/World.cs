using Messaging.Toolkit.Testing.Traces;

namespace Messaging.Toolkit.Testing.Worlds;

/// <summary>
/// Everything that happens in a simulation happens here, on one thread and one thing at a time: which of the things that
/// could happen next does is chosen by the seed. When nothing can, time jumps to the next timer.
/// </summary>
internal sealed class World(ulong seed)
{
    private readonly SeededRandom choices = SeededRandom.For(seed, "choices");
    private readonly List<WorkItem> ready = [];
    private readonly TaskCompletionSource<string> escape = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PriorityQueue<VirtualTimer, (long Due, long Number)> timers = new();
    private int thread = Environment.CurrentManagedThreadId;
    private long scheduled;

    public ulong Seed => seed;

    /// <summary>Virtual time since the beginning.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>How many things have happened.</summary>
    public long Steps { get; private set; }

    public Trace Trace { get; } = new();

    /// <summary>Called after every step.</summary>
    public Action? AfterStep { get; set; }

    /// <summary>Makes something happen in a lane, some time among the other things that are ready.</summary>
    /// <param name="lane">Whose it is.</param>
    /// <param name="run">What it is.</param>
    /// <param name="inContext">Whether it is the lane's own code.</param>
    /// <param name="waiter">What goes on, if it has waited.</param>
    public void Post(Lane lane, Action run, bool inContext = true, object? waiter = null)
    {
        if (!Escapes(lane, waiter))
        {
            Enqueue(new WorkItem(lane, run, inContext));
        }
    }

    /// <summary>Makes something happen in a lane after a time.</summary>
    public VirtualTimer Schedule(Lane lane, TimeSpan delay, Action run)
    {
        var timer = new VirtualTimer(lane, run, Now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero));
        if (!Escapes(lane))
        {
            timers.Enqueue(timer, (timer.Due.Ticks, scheduled++));
        }

        return timer;
    }

    /// <summary>From here on the caller's thread is the one on which everything happens.</summary>
    public void MoveToThisThread() => thread = Environment.CurrentManagedThreadId;

    /// <summary>Waits in a lane; goes on inside whatever library waits, as a reply from outside would.</summary>
    public Task DelayAsync(Lane lane, TimeSpan delay)
    {
        // Completed without a synchronization context on the thread, so that code which ignores it goes on here and now.
        var source = new TaskCompletionSource();
        if (delay > TimeSpan.Zero)
        {
            Schedule(lane, delay, source.SetResult);
        }
        else
        {
            Post(lane, source.SetResult, inContext: false);
        }

        return source.Task;
    }

    /// <summary>Lets things happen until the condition holds. False if nothing can happen any more, or the time is over.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        var before = SynchronizationContext.Current;
        try
        {
            var until = Now + limit;
            while (!condition())
            {
                if (!Step(until))
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    /// <summary>
    /// Gives what went on outside of this world the time to come back, so that it can be named. Virtual time passes so fast that
    /// a wait of five real milliseconds may end after it is given up.
    /// </summary>
    /// <param name="limit">How long that may take, in real time.</param>
    /// <exception cref="EscapedException">It came back.</exception>
    public void AwaitEscape(TimeSpan limit)
    {
        escape.Task.Wait(limit);
        ThrowEscape();
    }

    /// <summary>What was kept back while the lane was frozen goes on.</summary>
    public void Resume(Lane lane)
    {
        lane.State = LaneState.Running;
        ready.AddRange(lane.Held);
        lane.Held.Clear();
    }

    /// <summary>Nothing of the lane happens ever again.</summary>
    public void Kill(Lane lane)
    {
        lane.State = LaneState.Dead;
        lane.Held.Clear();
        ready.RemoveAll(item => item.Lane == lane);
    }

    /// <summary>Whether this is another thread. What it does is not decided by the seed: it cannot be done, and must not be passed over.</summary>
    private bool Escapes(Lane lane, object? waiter = null)
    {
        if (Environment.CurrentManagedThreadId == thread)
        {
            return false;
        }

        escape.TrySetResult(Escape.Describe(lane, waiter));
        return true;
    }

    private bool Step(TimeSpan until)
    {
        while (ready.Count == 0)
        {
            if (!timers.TryPeek(out var next, out _) || next.Due > until)
            {
                Now = until;
                return false;
            }

            FireTimers(next.Due);
        }

        var index = choices.Next(ready.Count);
        var item = ready[index];
        ready[index] = ready[^1];
        ready.RemoveAt(ready.Count - 1);

        Steps++;
        SynchronizationContext.SetSynchronizationContext(item.InContext ? item.Lane.Context : null);
        item.Run();
        SynchronizationContext.SetSynchronizationContext(null);
        AfterStep?.Invoke();
        ThrowEscape();
        return true;
    }

    private void ThrowEscape()
    {
        if (escape.Task.IsCompleted)
        {
            throw new EscapedException(escape.Task.GetAwaiter().GetResult());
        }
    }

    /// <summary>All that are due at the same moment: the seed decides among them.</summary>
    private void FireTimers(TimeSpan due)
    {
        Now = due;
        while (timers.TryPeek(out var timer, out _) && timer.Due <= due)
        {
            timers.Dequeue();
            if (!timer.IsCancelled)
            {
                Enqueue(new WorkItem(timer.Lane, timer.Fire, InContext: false));
            }
        }
    }

    private void Enqueue(WorkItem item)
    {
        switch (item.Lane.State)
        {
            case LaneState.Running:
                ready.Add(item);
                break;
            case LaneState.Frozen:
                item.Lane.Held.Add(item);
                break;
            case LaneState.Dead:
                break;
            default:
                throw new InvalidOperationException($"Unknown state {item.Lane.State}.");
        }
    }
}

/// <summary>Something that could happen now.</summary>
/// <param name="Lane">Whose it is.</param>
/// <param name="Run">What it is.</param>
/// <param name="InContext">Whether it is the lane's own code, or a reply to it from outside.</param>
internal readonly record struct WorkItem(Lane Lane, Action Run, bool InContext);
