using System.Diagnostics;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>Fifty transactions a second, one after another, and how long something took for each: the median is the value.</summary>
internal static class Paced
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    public static async Task RunAsync(int count, Func<int, Task> work)
    {
        using var timer = new PeriodicTimer(Interval);
        for (var number = 0; number < count; number++)
        {
            await timer.WaitForNextTickAsync();
            await work(number);
        }
    }

    /// <summary>From the end of each commit until the message is where the tally is.</summary>
    /// <param name="commitAsync">What the clock starts after.</param>
    /// <param name="thenAsync">What is done afterwards so that the message comes, if nobody else does it.</param>
    /// <param name="lead">So many at the beginning do not count, but the first of all is noted: whoever looks for work looks seldom until there is some.</param>
    public static async Task<Sample> MeasureAsync(Run run, Tally tally, Func<int, Task> commitAsync, Func<int, Task>? thenAsync = null, int lead = 0)
    {
        var committedAt = new long[run.Messages];
        var sample = await run.MeasureAsync(async () =>
        {
            await RunAsync(run.Messages, async number =>
            {
                await commitAsync(number);
                committedAt[number] = Stopwatch.GetTimestamp();
                await (thenAsync?.Invoke(number) ?? Task.CompletedTask);
            });
            await tally.AllHandledAsync();
        });
        double[] took = [.. committedAt.Select((committed, number) => Milliseconds(committed, tally.StartedAt(number)))];
        var counted = WithPercentiles(sample, took[lead..]);
        return lead == 0 ? counted : counted with { Extra = new Dictionary<string, double>(counted.Extra!) { ["first_ms"] = took[0] } };
    }

    public static Sample WithPercentiles(Sample sample, double[] milliseconds) => sample with
    {
        Value = Median.Of(milliseconds),
        Extra = new Dictionary<string, double>
        {
            ["p95"] = Median.Percentile(milliseconds, 0.95),
            ["p99"] = Median.Percentile(milliseconds, 0.99),
        },
    };

    public static double Milliseconds(long from, long to) => (to - from) * 1000.0 / Stopwatch.Frequency;
}
