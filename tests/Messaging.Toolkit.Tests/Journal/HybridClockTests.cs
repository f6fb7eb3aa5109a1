using Messaging.Toolkit.Journal;

namespace Messaging.Toolkit.Tests.Journal;

public sealed class HybridClockTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void Times_rise_whatever_the_clock_does()
    {
        var time = new SettableClock();
        var clock = new HybridClock(time);
        var times = new List<HybridTime>();
        for (var i = 0; i < 1000; i++)
        {
            times.Add(clock.Next());
            if (i == 500)
            {
                time.Now -= Hour;
            }
        }

        times.Should().OnlyHaveUniqueItems().And.BeInAscendingOrder();
    }

    [Fact]
    public void They_are_about_the_time_of_day()
    {
        var time = new SettableClock();
        var clock = new HybridClock(time);
        clock.Next();
        time.Now += Hour;

        clock.Next().Time.Should().BeCloseTo(time.Now, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void What_was_seen_is_before_all_that_follows()
    {
        var time = new SettableClock();
        var clock = new HybridClock(time);
        var ahead = HybridTime.Of(time.Now + Hour);

        clock.Witness(ahead);

        (clock.Next() > ahead).Should().BeTrue();
    }

    [Fact]
    public void A_time_that_nobody_can_believe_changes_nothing()
    {
        var time = new SettableClock();
        var clock = new HybridClock(time);

        clock.Witness(new HybridTime(long.MaxValue));
        clock.Witness(HybridTime.Of(time.Now + HybridClock.MaxAhead + Hour));

        clock.Next().Time.Should().BeCloseTo(time.Now, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void Threads_get_different_times()
    {
        var clock = new HybridClock(new SettableClock());
        var times = new HybridTime[4][];

        Parallel.For(0, times.Length, thread => times[thread] = [.. Enumerable.Range(0, 10_000).Select(_ => clock.Next())]);

        times.SelectMany(each => each).Should().OnlyHaveUniqueItems();
        times.Should().AllSatisfy(each => each.Should().BeInAscendingOrder());
    }

    [Theory]
    [InlineData(null), InlineData(""), InlineData("-1"), InlineData("+1"), InlineData(" 1"), InlineData("1.5"), InlineData("now"), InlineData("9223372036854775808")]
    public void What_is_no_time_is_read_as_none(string? text) => HybridTime.Parse(text).Should().BeNull();

    [Fact]
    public void A_time_travels_as_text()
    {
        var at = new HybridClock(new SettableClock()).Next();

        HybridTime.Parse(at.ToString()).Should().Be(at);
    }
}
