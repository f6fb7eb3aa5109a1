using FsCheck;
using FsCheck.Fluent;
using Messaging.Toolkit.Scheduling.Cron;

namespace Messaging.Toolkit.Tests.Scheduling;

public sealed class CronScheduleTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    /// <summary>Places and days at which clocks did strange things: by an hour, by half an hour, at midnight, by a whole day.</summary>
    private static readonly (TimeZoneInfo Zone, DateTime Day)[] Changes =
    [
        (Berlin, new DateTime(2026, 3, 29)), (Berlin, new DateTime(2026, 10, 25)),
        (TimeZoneInfo.FindSystemTimeZoneById("America/New_York"), new DateTime(2026, 3, 8)), (TimeZoneInfo.FindSystemTimeZoneById("America/New_York"), new DateTime(2026, 11, 1)),
        (TimeZoneInfo.FindSystemTimeZoneById("Australia/Lord_Howe"), new DateTime(2026, 4, 4)), (TimeZoneInfo.FindSystemTimeZoneById("Australia/Lord_Howe"), new DateTime(2026, 10, 3)),
        (TimeZoneInfo.FindSystemTimeZoneById("America/Santiago"), new DateTime(2025, 9, 7)), (TimeZoneInfo.FindSystemTimeZoneById("America/Santiago"), new DateTime(2025, 4, 6)),
        (TimeZoneInfo.Utc, new DateTime(2026, 1, 1)),
    ];

    [Fact]
    public void A_time_of_a_zone_fires_there()
    {
        var nightly = Schedule("0 3 * * *", Berlin);

        nightly.Next(Utc("2026-01-15 12:00")).Should().Be(Utc("2026-01-16 02:00"));
        nightly.Next(Utc("2026-07-15 12:00")).Should().Be(Utc("2026-07-16 01:00"));
    }

    [Fact]
    public void A_time_that_the_clocks_skip_fires_when_they_have_skipped_it()
    {
        // On 29 March 2026 02:00 is followed by 03:00, which is 01:00 UTC.
        Times("30 2 * * *", Berlin, "2026-03-27 12:00", 4).Should().Equal(Utc("2026-03-28 01:30"), Utc("2026-03-29 01:00"), Utc("2026-03-30 00:30"), Utc("2026-03-31 00:30"));
        Times("*/20 2-3 * * *", Berlin, "2026-03-29 00:30", 4).Should().Equal(Utc("2026-03-29 01:00"), Utc("2026-03-29 01:20"), Utc("2026-03-29 01:40"), Utc("2026-03-30 00:00"));
    }

    [Fact]
    public void A_time_that_comes_twice_fires_the_first_time()
    {
        // On 25 October 2026 it is 02:00 at 00:00 UTC, and at 01:00 UTC again.
        Times("30 2 * * *", Berlin, "2026-10-24 12:00", 2).Should().Equal(Utc("2026-10-25 00:30"), Utc("2026-10-26 01:30"));
        Times("0,30 * * * *", Berlin, "2026-10-25 00:00", 3).Should().Equal(Utc("2026-10-25 00:30"), Utc("2026-10-25 02:00"), Utc("2026-10-25 02:30"));
        Schedule("30 2 * * *", Berlin).Next(Utc("2026-10-25 01:29")).Should().Be(Utc("2026-10-26 01:30"));
    }

    [Fact]
    public void A_day_that_is_skipped_fires_at_its_end()
    {
        // Samoa went from the evening of 29 December 2011 to the morning of the 31st, by a change of its offset from -10 to +14.
        var samoa = TimeZoneInfo.FindSystemTimeZoneById("Pacific/Apia");

        Schedule("0 12 30 12 *", samoa).Next(Utc("2011-12-30 00:00")).Should().Be(Utc("2011-12-30 10:00"));
    }

    [Fact]
    public void The_last_time_of_a_long_while_is_found()
    {
        var everySecond = Schedule("* * * * * *", TimeZoneInfo.Utc);
        var nightly = Schedule("0 3 * * *", TimeZoneInfo.Utc);

        everySecond.Last(Utc("2000-01-01 00:00"), Utc("2026-07-01 12:00").AddTicks(1)).Should().Be(Utc("2026-07-01 12:00"));
        nightly.Last(Utc("2000-01-01 00:00"), Utc("2026-07-01 02:59")).Should().Be(Utc("2026-06-30 03:00"));
        nightly.Last(Utc("2026-06-30 02:59"), Utc("2026-06-30 03:00")).Should().Be(Utc("2026-06-30 03:00"));
        nightly.Last(Utc("2026-06-30 03:00"), Utc("2026-07-01 02:59")).Should().BeNull("a tick that has fired is not missed");
        nightly.Last(Utc("2026-07-01 12:00"), Utc("2026-07-01 11:00")).Should().BeNull("the clock was set back");
    }

    /// <summary>
    /// Somebody sits in front of a clock on the wall and looks at it minute by minute: whenever it shows later than ever before, what it has come to or
    /// passed over since fires.
    /// </summary>
    [Fact]
    public void Ticks_are_those_that_somebody_sees_who_watches_the_clock()
        => Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), Prop.ForAll(
            CronTexts.Expressions.ToArbitrary(), Gen.Elements(Changes).ToArbitrary(), (expression, change) =>
            {
                var schedule = Schedule(expression.Text, change.Zone);
                var from = DateTime.SpecifyKind(change.Day.AddDays(-2), DateTimeKind.Utc);
                var until = from.AddDays(4);

                var expected = Watch(expression, change.Zone, from, until);

                var found = new List<DateTime>();
                for (var tick = schedule.Next(from); tick <= until; tick = schedule.Next(tick.Value))
                {
                    found.Add(tick.Value);
                }

                found.Should().Equal(expected, $"{expression.Text} in {change.Zone.Id}");
                schedule.Last(from, until).Should().Be(expected.Count == 0 ? null : expected[^1]);
            }));

    private static List<DateTime> Watch(CronText expression, TimeZoneInfo zone, DateTime from, DateTime until)
    {
        var ticks = new List<DateTime>();

        // Begun a day before, as the clock may have shown later then.
        var latest = TimeZoneInfo.ConvertTimeFromUtc(from.AddDays(-1), zone);
        for (var now = from.AddDays(-1).AddMinutes(1); now <= until; now = now.AddMinutes(1))
        {
            var shown = TimeZoneInfo.ConvertTimeFromUtc(now, zone);
            var fires = false;
            for (; latest < shown; latest = latest.AddMinutes(1))
            {
                fires |= expression.Fits(latest.AddMinutes(1));
            }

            if (fires && now > from)
            {
                ticks.Add(now);
            }
        }

        return ticks;
    }

    private static List<DateTime> Times(string text, TimeZoneInfo zone, string from, int count)
    {
        var times = new List<DateTime>();
        for (var time = Schedule(text, zone).Next(Utc(from)); times.Count < count; time = Schedule(text, zone).Next(time.Value))
        {
            times.Add(time!.Value);
        }

        return times;
    }

    private static CronSchedule Schedule(string text, TimeZoneInfo zone) => new(CronExpression.Parse(text, out _)!, zone);

    private static DateTime Utc(string text) => DateTime.SpecifyKind(DateTime.Parse(text), DateTimeKind.Utc);
}
