using System.Numerics;

namespace Messaging.Toolkit.Scheduling.Cron;

/// <summary>
/// Times of the clock on the wall, of no zone: five fields (minute, hour, day of the month, month, day of the week) or six, with the second in
/// front. If both kinds of day are said, neither of them beginning with *, one of them is enough, as everywhere since Vixie's cron.
/// </summary>
internal sealed class CronExpression
{
    private const int MaxLength = 200;
    private const int LastYear = 9998;

    private static readonly int[] LongestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    private readonly ulong seconds;
    private readonly ulong minutes;
    private readonly ulong hours;
    private readonly ulong days;
    private readonly ulong months;
    private readonly ulong weekdays;
    private readonly bool eitherDay;

    private CronExpression(string[] fields, List<string> errors)
    {
        seconds = fields.Length == 6 ? CronField.Second.Parse(fields[0], errors) : 1;
        var rest = fields[^5..];
        minutes = CronField.Minute.Parse(rest[0], errors);
        hours = CronField.Hour.Parse(rest[1], errors);
        days = CronField.Day.Parse(rest[2], errors);
        months = CronField.Month.Parse(rest[3], errors);
        weekdays = CronField.Weekday.Parse(rest[4], errors);
        weekdays = (weekdays | weekdays >> 7) & 0x7F;
        eitherDay = !rest[2].StartsWith('*') && !rest[4].StartsWith('*');
        if (errors.Count == 0 && !eitherDay && !Enumerable.Range(0, 12).Any(HasDay))
        {
            errors.Add($"there is no day {rest[2]} in month {rest[3]}: it would never fire");
        }
    }

    /// <summary>Reads an expression.</summary>
    /// <param name="text">The expression.</param>
    /// <param name="errors">What is wrong with it, a sentence each.</param>
    /// <returns>Null if something is wrong.</returns>
    public static CronExpression? Parse(string? text, out IReadOnlyList<string> errors)
    {
        var found = new List<string>();
        errors = found;
        var fields = text?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (fields.Length is not (5 or 6) || text!.Length > MaxLength)
        {
            found.Add($"it has {fields.Length} fields in {text?.Length ?? 0} characters: it needs 5 (minute, hour, day of the month, month, day of the week), or 6 with the second in front, in at most {MaxLength}");
            return null;
        }

        var expression = new CronExpression(fields, found);
        return found.Count == 0 ? expression : null;
    }

    /// <summary>The first time after another one; null if that is too far in the future.</summary>
    public DateTime? Next(DateTime after)
    {
        if (after.Year > LastYear)
        {
            return null;
        }

        var time = new DateTime(after.Ticks - (after.Ticks % TimeSpan.TicksPerSecond)).AddSeconds(1);
        while (time.Year <= LastYear)
        {
            if (!Has(months, time.Month))
            {
                time = new DateTime(time.Year, time.Month, 1).AddMonths(1);
            }
            else if (!IsDay(time))
            {
                time = time.Date.AddDays(1);
            }
            else if (NextTimeOfDay(time.TimeOfDay) is { } timeOfDay)
            {
                return time.Date + timeOfDay;
            }
            else
            {
                time = time.Date.AddDays(1);
            }
        }

        return null;
    }

    private TimeSpan? NextTimeOfDay(TimeSpan from)
    {
        var (hour, minute) = (from.Hours, from.Minutes);
        if (Has(hours, hour))
        {
            if (Has(minutes, minute) && First(seconds, from.Seconds) is { } second)
            {
                return new TimeSpan(hour, minute, second);
            }

            if (First(minutes, minute + 1) is { } laterMinute)
            {
                return new TimeSpan(hour, laterMinute, First(seconds)!.Value);
            }
        }

        return First(hours, hour + 1) is { } laterHour ? new TimeSpan(laterHour, First(minutes)!.Value, First(seconds)!.Value) : null;
    }

    private bool IsDay(DateTime time)
    {
        var (day, weekday) = (Has(days, time.Day), Has(weekdays, (int)time.DayOfWeek));
        return eitherDay ? day || weekday : day && weekday;
    }

    private bool HasDay(int month) => Has(months, month + 1) && First(days) <= LongestMonths[month];

    private static bool Has(ulong bits, int value) => (bits >> value & 1) != 0;

    /// <summary>The first value from another one on.</summary>
    private static int? First(ulong bits, int from = 0)
    {
        var rest = bits >> from;
        return rest == 0 ? null : from + BitOperations.TrailingZeroCount(rest);
    }
}
