using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Scheduling;

/// <summary>
/// Moves one store's scheduled messages to its outbox when they fall due: in one process at a time, the one that keeps house. It sleeps until
/// the next one that it knows of, and looks at an interval for those that it cannot know of, unless somebody else's look spares it that.
/// </summary>
internal sealed class ScheduleMover(IMessageStore store, LeaseKeeper leases, SchedulingOptions options, TimeProvider time, MessagingMetrics metrics, WorkState state) : IScheduleWatcher
{
    private static readonly TimeSpan Contended = TimeSpan.FromMilliseconds(100);

    private readonly Signal wake = new(time);
    private readonly ScheduleSight sight = new(options.PollInterval, time);

    public bool WantsLook => leases.KeepsHouse && sight.IsOld;

    /// <summary>A commit of this process: whether it needs a look before the next one that is due anyway.</summary>
    public void OnScheduled(TimeSpan dueIn)
    {
        if (sight.IsTooEarly(dueIn))
        {
            wake.Set();
        }
    }

    public void OnLooked(TimeSpan? nextIn)
    {
        if (sight.HasSeenEarlier(nextIn))
        {
            wake.Set();
        }
    }

    /// <summary>Does one round; waits unless there may be more.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        sight.Begin();
        var round = leases.KeepsHouse ? await store.Schedule.MoveDueAsync(options.Batch, cancellationToken) : default;
        state.Works();
        if (round.Moved > 0)
        {
            metrics.Due(store.Name, round.Moved);
        }

        if (round.Moved < options.Batch)
        {
            var pause = PauseAfter(round);
            sight.End(pause);
            await WaitAsync(pause, cancellationToken);
        }
    }

    private async Task WaitAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        for (TimeSpan? rest = pause; rest is { } wait && !await wake.WaitAsync(wait, cancellationToken);)
        {
            rest = sight.PutOff();
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
