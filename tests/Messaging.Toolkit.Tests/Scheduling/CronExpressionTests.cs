using FsCheck;
using FsCheck.Fluent;
using Messaging.Toolkit.Scheduling.Cron;

namespace Messaging.Toolkit.Tests.Scheduling;

public sealed class CronExpressionTests
{
    private static readonly DateTime Wednesday = new(2026, 7, 1, 12, 0, 0);

    [Theory]
    [InlineData("* * * * *", "2026-07-01 12:01:00")]
    [InlineData("* * * * * *", "2026-07-01 12:00:01")]
    [InlineData("30 5 3 * * *", "2026-07-02 03:05:30")]
    [InlineData("0 3 * * *", "2026-07-02 03:00:00")]
    [InlineData("0 12 * * *", "2026-07-02 12:00:00")]
    [InlineData("*/15 * * * *", "2026-07-01 12:15:00")]
    [InlineData("7/20 * * * *", "2026-07-01 12:07:00")]
    [InlineData("10-30/10,55 * * * *", "2026-07-01 12:10:00")]
    [InlineData("0 0 * * SUN", "2026-07-05 00:00:00")]
    [InlineData("0 0 * * 7", "2026-07-05 00:00:00")]
    [InlineData("0 0 * * 5-7", "2026-07-03 00:00:00")]
    [InlineData("0 0 1 jan *", "2027-01-01 00:00:00")]
    [InlineData("0 0 31 * *", "2026-07-31 00:00:00")]
    [InlineData("0 0 31 SEP-NOV *", "2026-10-31 00:00:00")]
    [InlineData("0 0 29 2 *", "2028-02-29 00:00:00")]
    [InlineData("59 59 23 31 12 *", "2026-12-31 23:59:59")]
    [InlineData("  0\t0   *  * MON ", "2026-07-06 00:00:00")]
    public void The_next_time_is_the_first_that_fits(string text, string next) => Parse(text).Next(Wednesday).Should().Be(DateTime.Parse(next));

    [Fact]
    public void Of_two_kinds_of_day_one_is_enough_unless_one_of_them_is_any()
    {
        Times("0 0 13 * FRI", 3).Should().Equal(new DateTime(2026, 7, 3), new DateTime(2026, 7, 10), new DateTime(2026, 7, 13));
        Times("0 0 13 * */7", 1).Should().Equal(new DateTime(2026, 9, 13));
        Times("0 0 */2 * FRI", 2).Should().Equal(new DateTime(2026, 7, 3), new DateTime(2026, 7, 17));
    }

    [Theory]
    [InlineData(null, "it has 0 fields")]
    [InlineData("", "it has 0 fields")]
    [InlineData("nightly", "it has 1 fields")]
    [InlineData("* * * *", "it has 4 fields")]
    [InlineData("0 0 0 1 1 * 2026", "it has 7 fields")]
    [InlineData("60 * * * *", "minute '60': use *, numbers from 0 to 59, ranges")]
    [InlineData("* 24 * * *", "hour '24': use *, numbers from 0 to 23, ranges")]
    [InlineData("* * 0 * *", "day of the month '0'")]
    [InlineData("* * * 13 *", "month '13': use *, numbers from 1 to 12 or JAN to DEC, ranges")]
    [InlineData("* * * * 8", "day of the week '8'")]
    [InlineData("* * * * MO", "day of the week 'MO'")]
    [InlineData("60 * * * * *", "second '60'")]
    [InlineData("-1 * * * *", "minute '-1'")]
    [InlineData("+1 * * * *", "minute '+1'")]
    [InlineData("1- * * * *", "minute '1-'")]
    [InlineData("1,,2 * * * *", "minute '1,,2'")]
    [InlineData("*/0 * * * *", "minute '*/0': a step is a number from 1 to 59")]
    [InlineData("*/90 * * * *", "minute '*/90': a step is a number from 1 to 59")]
    [InlineData("*/x * * * *", "minute '*/x': a step")]
    [InlineData("* 22-4 * * *", "hour '22-4': the range 22-4 runs backwards: write 22-23,0-4")]
    [InlineData("* * L * *", "day of the month 'L'")]
    [InlineData("* * ? * *", "day of the month '?'")]
    [InlineData("0 0 31 2,4 *", "there is no day 31 in month 2,4: it would never fire")]
    [InlineData("0 0 30-31 FEB *", "there is no day 30-31 in month FEB")]
    [InlineData("١ * * * *", "minute '١'")]
    public void Nonsense_is_refused_with_what_is_wrong(string? text, string error)
    {
        CronExpression.Parse(text, out var errors).Should().BeNull();

        errors.Should().ContainSingle().Which.Should().StartWith(error);
    }

    [Fact]
    public void Everything_that_is_wrong_is_said()
    {
        CronExpression.Parse("60 24 0 13 8", out var errors).Should().BeNull();

        errors.Select(error => error[..error.IndexOf(" '", StringComparison.Ordinal)]).Should().Equal("minute", "hour", "day of the month", "month", "day of the week");
    }

    [Fact]
    public void A_text_without_end_is_refused() => CronExpression.Parse($"{string.Join(',', Enumerable.Repeat("0", 200))} * * * *", out _).Should().BeNull();

    [Fact]
    public void At_the_end_of_time_there_is_no_next_one()
    {
        Parse("0 0 29 2 *").Next(new DateTime(9997, 1, 1)).Should().BeNull();
        Parse("* * * * * *").Next(DateTime.MaxValue).Should().BeNull();
    }

    /// <summary>Expressions of every form, and the values that each of their fields has by the words of the manual.</summary>
    [Fact]
    public void Times_are_those_at_which_each_field_fits()
        => Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(CronTexts.Expressions.ToArbitrary(), expression =>
        {
            var from = new DateTime(2027, 12, 30).AddMinutes(expression.Offset);
            var expected = Enumerable.Range(1, 5 * 24 * 60).Select(minute => from.AddMinutes(minute)).Where(expression.Fits).ToList();

            var cron = Parse(expression.Text);
            var found = new List<DateTime>();
            for (var time = cron.Next(from); time <= from.AddMinutes(5 * 24 * 60); time = cron.Next(time.Value))
            {
                found.Add(time.Value);
            }

            found.Should().Equal(expected, expression.Text);
        }));

    private static List<DateTime> Times(string text, int count)
    {
        var times = new List<DateTime>();
        for (var time = Parse(text).Next(Wednesday); times.Count < count; time = Parse(text).Next(time.Value))
        {
            times.Add(time!.Value);
        }

        return times;
    }

    private static CronExpression Parse(string text)
    {
        var expression = CronExpression.Parse(text, out var errors);
        errors.Should().BeEmpty();
        return expression!;
    }
}
