using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Scheduling;

/// <summary>
/// Moves one store's scheduled messages to its outbox when they fall due: in one process at a time, the one that keeps house. It sleeps until
/// the next one that it knows of, and looks at an interval for those that it cannot know of.
/// </summary>
internal sealed class ScheduleMover(IMessageStore store, LeaseKeeper leases, SchedulingOptions options, TimeProvider time, MessagingMetrics metrics, WorkState state)
{
    private static readonly TimeSpan Contended = TimeSpan.FromMilliseconds(100);

    private readonly Signal wake = new(time);

    /// <summary>When the next look is, by the steady clock. While one is under way any message may be too early for it to have seen.</summary>
    private long nextLook = long.MaxValue;

    /// <summary>A commit of this process: whether it needs a look before the next one that is due anyway.</summary>
    public void OnScheduled(TimeSpan dueIn)
    {
        if (time.GetTimestamp() + (dueIn.TotalSeconds * time.TimestampFrequency) < Interlocked.Read(ref nextLook))
        {
            wake.Set();
        }
    }

    /// <summary>Does one round; waits unless there may be more.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref nextLook, long.MaxValue);
        var round = leases.KeepsHouse ? await store.Schedule.MoveDueAsync(options.Batch, cancellationToken) : default;
        state.Works();
        if (round.Moved > 0)
        {
            metrics.Due(store.Name, round.Moved);
        }

        if (round.Moved < options.Batch)
        {
            var pause = PauseAfter(round);
            Interlocked.Exchange(ref nextLook, time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency));
            await wake.WaitAsync(pause, cancellationToken);
        }
    }

    private TimeSpan PauseAfter(ScheduleRound round) => round switch
    {
        { NextIn: { } next } when next > options.PollInterval => options.PollInterval,
        { NextIn: { } next } when next > TimeSpan.Zero => next,

        // Something is due and cannot be moved: it is being cancelled.
        { NextIn: not null, Moved: 0 } => Contended < options.PollInterval ? Contended : options.PollInterval,
        { NextIn: not null } => TimeSpan.Zero,
        _ => options.PollInterval,
    };
}
