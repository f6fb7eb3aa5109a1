namespace Messaging.Toolkit.Scheduling.Cron;

/// <summary>
/// When an expression fires in a time zone. A time that the clocks skip fires when they have skipped it; one that comes twice fires the first
/// time. All times are UTC.
/// </summary>
internal sealed class CronSchedule(CronExpression expression, TimeZoneInfo zone)
{
    /// <summary>More than any clock is ahead of UTC or behind it.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromHours(15);

    /// <summary>The first time after another one; null if that is too far in the future.</summary>
    public DateTime? Next(DateTime after)
    {
        var local = ToLocal(after);
        while (expression.Next(local) is { } next)
        {
            // While the clocks show an hour for the second time, what they show has been.
            var utc = ToUtc(next);
            if (utc > after)
            {
                return utc;
            }

            local = next;
        }

        return null;
    }

    /// <summary>The last time after another one and not after a second one; null if there is none.</summary>
    public DateTime? Last(DateTime after, DateTime until)
    {
        if (Next(after) is not { } last || last > until)
        {
            return null;
        }

        // After the last one found there may be others, after the end there are none that count: the middle is the one or the other.
        var end = until;
        while (last < end)
        {
            var middle = last + ((end - last) / 2);
            if (Next(middle) is { } next && next <= until)
            {
                last = next;
            }
            else
            {
                end = middle;
            }
        }

        return last;
    }

    /// <summary>
    /// The moment at which the clocks show a time, for the first time; if they skip it, the moment in which they do. Not asked of TimeZoneInfo, which does not know
    /// the times that were skipped when a zone has changed its offset for good.
    /// </summary>
    private DateTime ToUtc(DateTime local)
    {
        var shown = DateTime.SpecifyKind(local, DateTimeKind.Utc);
        var (before, after) = (zone.GetUtcOffset(shown - Window), zone.GetUtcOffset(shown + Window));
        var (earlier, later) = before > after ? (shown - before, shown - after) : (shown - after, shown - before);
        return ToLocal(earlier) == local ? earlier
            : ToLocal(later) == local ? later
            : EndOfGap(shown);
    }

    /// <summary>The first moment at which the clocks show a later time than one that they skip. They skip whole seconds.</summary>
    private DateTime EndOfGap(DateTime skipped)
    {
        var (not, shows) = (skipped - Window, skipped + Window);
        while (shows - not > TimeSpan.FromSeconds(1))
        {
            var middle = not.AddSeconds((long)(shows - not).TotalSeconds / 2);
            (not, shows) = ToLocal(middle) > skipped ? (not, middle) : (middle, shows);
        }

        return shows;
    }

    private DateTime ToLocal(DateTime utc) => TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(utc, DateTimeKind.Utc), zone);
}
