namespace Messaging.Toolkit.Scheduling;

/// <summary>What is known of a schedule since it was last looked at, and until when that is enough. Times are those of the steady clock. Thread-safe.</summary>
internal sealed class ScheduleSight(TimeSpan pollInterval, TimeProvider time)
{
    /// <summary>Somebody else's looks come as regularly as ours would: what came at an interval may come a moment later than that.</summary>
    private const double Patience = 1.05;

    /// <summary>Sooner after a look another one is not worth it.</summary>
    private const int LooksPerInterval = 10;

    private readonly Lock gate = new();
    private bool isLooking = true;
    private long seenAt;
    private long nextLook;
    private long goodUntil;
    private long firstSeen;
    private long firstOwn;

    /// <summary>Whether a look by somebody else would put off ours.</summary>
    public bool IsOld
    {
        get
        {
            lock (gate)
            {
                return !isLooking && time.GetElapsedTime(seenAt) >= pollInterval / LooksPerInterval;
            }
        }
    }

    /// <summary>A look of ours begins. While it is under way any message may be too early for it to have seen.</summary>
    public void Begin()
    {
        lock (gate)
        {
            (isLooking, firstOwn) = (true, long.MaxValue);
        }
    }

    /// <summary>Our look is done, and the next one is after the pause.</summary>
    public void End(TimeSpan pause)
    {
        lock (gate)
        {
            (isLooking, seenAt, nextLook, firstSeen) = (false, time.GetTimestamp(), After(pause), long.MaxValue);
            goodUntil = nextLook;
        }
    }

    /// <summary>A message of this process was committed. True if it needs a look before the next one.</summary>
    public bool IsTooEarly(TimeSpan dueIn)
    {
        lock (gate)
        {
            var due = After(dueIn);
            firstOwn = Math.Min(firstOwn, due);
            return isLooking || due < nextLook;
        }
    }

    /// <summary>Somebody else has looked. True if what he saw needs a look of ours before the next one.</summary>
    public bool HasSeenEarlier(TimeSpan? nextIn)
    {
        lock (gate)
        {
            if (isLooking)
            {
                return false;
            }

            seenAt = time.GetTimestamp();
            firstSeen = nextIn is { } next ? After(next) : long.MaxValue;
            goodUntil = After(pollInterval * Patience);
            return firstSeen < nextLook;
        }
    }

    /// <summary>Puts off the look that is due now as long as others' looks allow it. Null if they do not.</summary>
    public TimeSpan? PutOff()
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            var end = Math.Min(goodUntil, Math.Min(firstSeen, firstOwn));
            if (end <= now)
            {
                return null;
            }

            // A timer knows whole milliseconds only.
            nextLook = end;
            return TimeSpan.FromMilliseconds(Math.Ceiling(time.GetElapsedTime(now, end).TotalMilliseconds));
        }
    }

    /// <summary>A day is longer than any interval, and a thousand years are too long for the clock.</summary>
    private long After(TimeSpan delay) => delay > TimeSpan.FromDays(1) ? long.MaxValue : time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);
}
