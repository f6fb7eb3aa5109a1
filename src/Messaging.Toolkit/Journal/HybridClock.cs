namespace Messaging.Toolkit.Journal;

/// <summary>The hybrid logical clock of this process. Thread-safe.</summary>
internal sealed class HybridClock(TimeProvider time)
{
    /// <summary>
    /// How far ahead a clock may be that is believed. One that is a century ahead would take all others with it, and nobody's times would be times of day
    /// any more.
    /// </summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromDays(1);

    private long last;

    /// <summary>A time after all that this process has given or seen.</summary>
    public HybridTime Next()
    {
        var now = HybridTime.Of(time.GetUtcNow()).Value;
        while (true)
        {
            var before = Volatile.Read(ref last);

            // A counter that is full runs over into the milliseconds, which is what it should do.
            var next = Math.Max(now, before + 1);
            if (Interlocked.CompareExchange(ref last, next, before) == before)
            {
                return new HybridTime(next);
            }
        }
    }

    /// <summary>What this process does from now on comes after that time, unless it is unbelievably far ahead.</summary>
    public void Witness(HybridTime seen)
    {
        if (seen > HybridTime.Of(time.GetUtcNow() + MaxAhead))
        {
            return;
        }

        for (var before = Volatile.Read(ref last); seen.Value > before;)
        {
            var found = Interlocked.CompareExchange(ref last, seen.Value, before);
            if (found == before)
            {
                return;
            }

            before = found;
        }
    }
}
