namespace Messaging.Toolkit.Testing.Worlds;

/// <summary>The clock of a lane. Every lane has the same, but timers belong to their lane and die with it.</summary>
internal sealed class LaneTime(Lane lane) : TimeProvider
{
    /// <summary>When every simulation begins.</summary>
    public static readonly DateTimeOffset Beginning = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => Beginning + lane.World.Now;

    public override long GetTimestamp() => lane.World.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new LaneTimer(lane, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class LaneTimer(Lane lane, TimerCallback callback, object? state) : ITimer
    {
        private VirtualTimer? next;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            next?.Cancel();
            next = dueTime == Timeout.InfiniteTimeSpan ? null : lane.World.Schedule(lane, dueTime, () =>
            {
                next = null;
                if (period > TimeSpan.Zero)
                {
                    Change(period, period);
                }

                callback(state);
            });
            return true;
        }

        public void Dispose()
        {
            next?.Cancel();
            next = null;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
