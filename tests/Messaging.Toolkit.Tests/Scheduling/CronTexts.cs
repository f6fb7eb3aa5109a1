using FsCheck;
using FsCheck.Fluent;

namespace Messaging.Toolkit.Tests.Scheduling;

/// <summary>Cron expressions made together with what they mean: nothing here reads one.</summary>
internal static class CronTexts
{
    /// <summary>Of five fields. Never a day that some month has not.</summary>
    public static Gen<CronText> Expressions { get; } =
        from minute in Field(0, 59)
        from hour in Field(0, 23)
        from day in Field(1, 28, all: 31)
        from month in Gen.Frequency((3, Gen.Constant(Any(1, 12))), (1, Field(1, 12)))
        from weekday in Field(0, 6)
        from offset in Gen.Choose(0, 24 * 60)
        select new CronText(minute, hour, day, month, weekday, offset);

    private static Gen<CronFieldText> Field(int min, int max, int? all = null) => Gen.Frequency(
        (3, Gen.Constant(Any(min, all ?? max))),
        (4, from parts in Part(min, max).NonEmptyListOf() select new CronFieldText(string.Join(',', parts.Take(4).Select(part => part.Text)), [.. parts.Take(4).SelectMany(part => part.Values)])));

    private static Gen<CronFieldText> Part(int min, int max) => Gen.OneOf(
        from value in Gen.Choose(min, max)
        select new CronFieldText($"{value}", [value]),
        from first in Gen.Choose(min, max)
        from last in Gen.Choose(first, max)
        select new CronFieldText($"{first}-{last}", [.. Enumerable.Range(first, last - first + 1)]),
        from first in Gen.Choose(min, max)
        from last in Gen.Choose(first, max)
        from step in Gen.Choose(1, max)
        select new CronFieldText($"{first}-{last}/{step}", [.. Enumerable.Range(first, last - first + 1).Where(value => (value - first) % step == 0)]));

    private static CronFieldText Any(int min, int max) => new("*", [.. Enumerable.Range(min, max - min + 1)]);
}

internal sealed record CronFieldText(string Text, HashSet<int> Values);

/// <param name="Minute">The first field.</param>
/// <param name="Hour">The second one.</param>
/// <param name="Day">The third one.</param>
/// <param name="Month">The fourth one.</param>
/// <param name="Weekday">The fifth one.</param>
/// <param name="Offset">Where to begin, in minutes.</param>
internal sealed record CronText(CronFieldText Minute, CronFieldText Hour, CronFieldText Day, CronFieldText Month, CronFieldText Weekday, int Offset)
{
    public string Text => $"{Minute.Text} {Hour.Text} {Day.Text} {Month.Text} {Weekday.Text}";

    public bool Fits(DateTime time)
    {
        var (day, weekday) = (Day.Values.Contains(time.Day), Weekday.Values.Contains((int)time.DayOfWeek));
        var isDay = Day.Text != "*" && Weekday.Text != "*" ? day || weekday : day && weekday;
        return time.Second == 0 && Minute.Values.Contains(time.Minute) && Hour.Values.Contains(time.Hour) && isDay && Month.Values.Contains(time.Month);
    }

    public override string ToString() => Text;
}
