using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Simulations.Networks;

/// <summary>One direction of a connection: what goes in comes out in its order, some time later, unless the connection is cut before.</summary>
/// <param name="world">Whose time passes.</param>
/// <param name="to">In whose lane it comes out: while that stands still it waits there.</param>
/// <param name="random">How long it takes.</param>
internal sealed class Wire(World world, Lane to, SeededRandom random)
{
    /// <summary>How many frames fit into its buffers while nobody reads them.</summary>
    private const int Buffer = 4;

    private readonly Queue<Action> frames = [];
    private TaskCompletionSource? full;
    private int pauses;
    private bool isCut;

    public void Send(Action frame)
    {
        if (!isCut)
        {
            frames.Enqueue(frame);
            Transport();
        }
    }

    /// <summary>Whether the two ends have lost each other.</summary>
    public bool IsCut => isCut;

    /// <summary>Waits until something more can be sent.</summary>
    public Task RoomAsync()
    {
        if (pauses == 0 || isCut || frames.Count < Buffer)
        {
            return Task.CompletedTask;
        }

        full ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return full.Task;
    }

    /// <summary>Nobody need wait any more for room.</summary>
    public void LetGo()
    {
        full?.TrySetResult();
        full = null;
    }

    /// <summary>From now on nothing goes in. Of what is on its way the first few come out, and after a time the end.</summary>
    public void Cut(Action end, TimeSpan noticed)
    {
        if (isCut)
        {
            return;
        }

        isCut = true;
        LetGo();
        Keep(random.Next(0, frames.Count));
        world.Schedule(to, noticed, () =>
        {
            frames.Enqueue(end);
            Transport();
        });
    }

    /// <summary>Nothing comes out any more.</summary>
    public void Close()
    {
        isCut = true;
        LetGo();
        frames.Clear();
    }

    /// <summary>Nothing comes out for a while.</summary>
    public void Stall(TimeSpan duration)
    {
        pauses++;
        world.Schedule(to, duration, () =>
        {
            pauses--;
            LetGo();
            for (var i = 0; i < frames.Count; i++)
            {
                Transport();
            }
        });
    }

    private void Keep(int count)
    {
        var kept = frames.Take(count).ToList();
        frames.Clear();
        kept.ForEach(frames.Enqueue);
    }

    /// <summary>Whatever arrives first brings what was sent first: the order stays, whatever the delays.</summary>
    private void Transport()
    {
        var delay = Latency.Next(random);
        if (delay == TimeSpan.Zero)
        {
            world.Post(to, Next);
        }
        else
        {
            world.Schedule(to, delay, () => world.Post(to, Next));
        }
    }

    private void Next()
    {
        if (pauses == 0 && frames.TryDequeue(out var frame))
        {
            frame();
        }
    }
}
