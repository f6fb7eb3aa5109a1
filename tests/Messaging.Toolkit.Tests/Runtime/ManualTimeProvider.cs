namespace Messaging.Toolkit.Tests.Runtime;

/// <summary>A clock that stands still until it is told to go on. Timers fire while it goes, in the order of their times, each at its time.</summary>
sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private readonly List<(int Count, TaskCompletionSource Source)> waiters = [];
    private long ticks;

    public static DateTimeOffset Start { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref ticks);

    public override DateTimeOffset GetUtcNow() => Start.AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero)
        {
            throw new NotSupportedException("Nothing here needs a timer that repeats.");
        }

        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until that many timers are running: until what is under test waits for the clock.</summary>
    public Task TimersAsync(int count)
    {
        lock (gate)
        {
            if (timers.Count >= count)
            {
                return Task.CompletedTask;
            }

            var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add((count, source));
            return source.Task.WaitAsync(TimeSpan.FromSeconds(10));
        }
    }

    /// <summary>How long the timer that fires first still has.</summary>
    public TimeSpan Next
    {
        get
        {
            lock (gate)
            {
                return TimeSpan.FromTicks(timers.Min(timer => timer.DueAt) - ticks);
            }
        }
    }

    public void Advance(TimeSpan time)
    {
        var end = GetTimestamp() + time.Ticks;
        while (true)
        {
            Timer? next;
            lock (gate)
            {
                next = timers.Where(timer => timer.DueAt <= end).MinBy(timer => timer.DueAt);
                ticks = Math.Max(ticks, next?.DueAt ?? end);
                if (next is null)
                {
                    return;
                }

                timers.Remove(next);
            }

            next.Fire();
        }
    }

    private sealed class Timer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        public long DueAt { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueAt = clock.ticks + dueTime.Ticks;
                    clock.timers.Add(this);
                    foreach (var (_, source) in clock.waiters.Where(waiter => waiter.Count <= clock.timers.Count))
                    {
                        source.TrySetResult();
                    }
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
