using System.Globalization;

namespace Messaging.Toolkit.Scheduling.Cron;

/// <summary>One field of a cron expression: which values it may have, and how it is read.</summary>
/// <param name="Name">What it is called in errors.</param>
/// <param name="Min">The smallest value.</param>
/// <param name="Max">The largest value.</param>
/// <param name="Names">Names of values, from the smallest one on.</param>
internal sealed record CronField(string Name, int Min, int Max, params string[] Names)
{
    public static readonly CronField Second = new("second", 0, 59);
    public static readonly CronField Minute = new("minute", 0, 59);
    public static readonly CronField Hour = new("hour", 0, 23);
    public static readonly CronField Day = new("day of the month", 1, 31);
    public static readonly CronField Month = new("month", 1, 12, "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");

    /// <summary>Sunday is 0 and 7.</summary>
    public static readonly CronField Weekday = new("day of the week", 0, 7, "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

    /// <summary>The values, a bit each.</summary>
    /// <param name="text">Values and ranges, with or without steps, separated by commas.</param>
    /// <param name="errors">What is wrong is added to it, a sentence each.</param>
    public ulong Parse(string text, List<string> errors)
    {
        var bits = 0UL;
        foreach (var part in text.Split(','))
        {
            bits |= ParsePart(part, error => errors.Add($"{Name} '{text}': {error}"));
        }

        return bits;
    }

    private ulong ParsePart(string part, Action<string> refuse)
    {
        var slash = part.IndexOf('/');
        var (range, steps) = slash < 0 ? (part, null) : (part[..slash], part[(slash + 1)..]);
        var step = 1;
        if (steps is not null && !(IsNumber(steps, out step) && step >= 1 && step <= Max))
        {
            refuse($"a step is a number from 1 to {Max}");
            return 0;
        }

        if (ParseRange(range, hasStep: steps is not null, refuse) is not var (first, last))
        {
            return 0;
        }

        var bits = 0UL;
        for (var value = first; value <= last; value += step)
        {
            bits |= 1UL << value;
        }

        return bits;
    }

    private (int First, int Last)? ParseRange(string range, bool hasStep, Action<string> refuse)
    {
        if (range == "*")
        {
            return (Min, Max);
        }

        var dash = range.IndexOf('-');
        var (from, to) = dash < 0 ? (range, null) : (range[..dash], range[(dash + 1)..]);
        if (ParseValue(from) is not { } first || (to is not null && ParseValue(to) is null))
        {
            refuse($"use *, numbers from {Min} to {Max}{(Names.Length == 0 ? "" : $" or {Names[0]} to {Names[^1]}")}, ranges (a-b), steps (*/n, a-b/n) and lists (a,b)");
            return null;
        }

        var last = to is not null ? ParseValue(to)!.Value : hasStep ? Max : first;
        if (last < first)
        {
            refuse($"the range {range} runs backwards: write {from}-{Max},{Min}-{to}");
            return null;
        }

        return (first, last);
    }

    private int? ParseValue(string text)
    {
        var name = Array.FindIndex(Names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        return name >= 0 ? Min + name
            : IsNumber(text, out var value) && value >= Min && value <= Max ? value : null;
    }

    private static bool IsNumber(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
