namespace Messaging.Toolkit.Scheduling.Cron;

/// <summary>
/// When an expression fires in a time zone. A time that the clocks skip fires when they have skipped it; one that comes twice fires the first
/// time. All times are UTC.
/// </summary>
internal sealed class CronSchedule(CronExpression expression, TimeZoneInfo zone)
{
    /// <summary>No clock was ever put forward by more: a day, where the date line was moved.</summary>
    private const int LongestGapSeconds = 48 * 60 * 60;

    /// <summary>The first time after another one; null if that is too far in the future.</summary>
    public DateTime? Next(DateTime after)
    {
        var local = TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(after, DateTimeKind.Utc), zone);
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

    private DateTime ToUtc(DateTime local)
    {
        if (zone.IsInvalidTime(local))
        {
            return ToUtc(LastBeforeGap(local)).AddSeconds(1);
        }

        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return DateTime.SpecifyKind(local - offset, DateTimeKind.Utc);
    }

    /// <summary>The last second that the clocks show before they skip the time given.</summary>
    private DateTime LastBeforeGap(DateTime skipped)
    {
        var (shown, notShown) = (LongestGapSeconds, 0);
        while (shown - notShown > 1)
        {
            var middle = (shown + notShown) / 2;
            if (zone.IsInvalidTime(skipped.AddSeconds(-middle)))
            {
                notShown = middle;
            }
            else
            {
                shown = middle;
            }
        }

        return skipped.AddSeconds(-shown);
    }
}
