using System.Threading.RateLimiting;
using FsCheck;
using FsCheck.Fluent;
using Messaging.Toolkit.Endpoints.Limits;
using Messaging.Toolkit.Tests.Runtime;

namespace Messaging.Toolkit.Tests.Endpoints.Limits;

public sealed class TokenBucketTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider time = new();

    [Fact]
    public void After_a_pause_all_permits_are_there_and_then_one_whenever_its_share_of_the_time_has_passed()
    {
        using var bucket = new TokenBucket(4, Second, time);

        Take(bucket).Should().Be(4);
        time.Advance(Second / 4);
        Take(bucket).Should().Be(1);
        time.Advance((Second / 4) - TimeSpan.FromTicks(1));
        Take(bucket).Should().Be(0);
        time.Advance(TimeSpan.FromTicks(1));
        Take(bucket).Should().Be(1);
        time.Advance(TimeSpan.FromDays(365));
        Take(bucket).Should().Be(4);
        bucket.GetStatistics()!.TotalSuccessfulLeases.Should().Be(10);
    }

    [Fact]
    public async Task Who_waits_gets_it_when_it_is_there()
    {
        using var bucket = new TokenBucket(3, Second, time);
        Take(bucket);

        var waiting = bucket.AcquireAsync().AsTask();
        await time.TimersAsync(1);
        time.Next.Should().Be(TimeSpan.FromMilliseconds(334), "a third of a second, in whole milliseconds");
        time.Advance(TimeSpan.FromMilliseconds(334));

        (await waiting).IsAcquired.Should().BeTrue();
    }

    [Fact]
    public async Task Who_gives_up_waiting_takes_nothing()
    {
        using var bucket = new TokenBucket(1, Second, time);
        Take(bucket);
        using var patience = new CancellationTokenSource();

        var waiting = bucket.AcquireAsync(1, patience.Token).AsTask();
        await time.TimersAsync(1);
        patience.Cancel();

        await waiting.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        time.Advance(Second);
        Take(bucket).Should().Be(1);
    }

    [Fact]
    public void Nobody_waits_for_what_never_comes()
    {
        using var bucket = new TokenBucket(2, Second, time);
        var ask = async () => await bucket.AcquireAsync(3);

        ask.Should().ThrowAsync<ArgumentOutOfRangeException>();
        bucket.AttemptAcquire(3).IsAcquired.Should().BeFalse();
    }

    /// <summary>Whoever asks whenever: in no time there are more than it may bring and what was saved up, and who keeps asking gets all of it.</summary>
    [Fact]
    public void There_are_as_many_permits_as_there_should_be()
        => Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(Arb.From(Histories()), history =>
        {
            var (permits, per, pauses) = history;
            var clock = new ManualTimeProvider();
            using var bucket = new TokenBucket(permits, per, clock);
            var taken = new List<(long At, int Count)>();
            foreach (var pause in pauses)
            {
                clock.Advance(pause);
                taken.Add((clock.GetTimestamp(), Take(bucket)));
            }

            for (var from = 0; from < taken.Count; from++)
            {
                var sum = 0L;
                for (var to = from; to < taken.Count; to++)
                {
                    sum += taken[to].Count;
                    var allowed = permits + ((Int128)(taken[to].At - taken[from].At) * permits / per.Ticks);
                    ((Int128)sum <= allowed).Should().BeTrue("{0} were given out where {1} were allowed", sum, allowed);
                }
            }

            // Nobody ever paused for longer than the bucket fills, so nothing was lost.
            return pauses.Any(pause => pause >= per) || taken.Sum(entry => entry.Count) == permits + (int)((Int128)(taken[^1].At - taken[0].At) * permits / per.Ticks);
        }));

    private static Gen<(int, TimeSpan, TimeSpan[])> Histories()
        => from permits in Gen.Choose(1, 1000)
           from per in Gen.Choose(1, 10_000_000)
           from scale in Gen.Elements(10, 1000, 20_000_000)
           from pauses in Gen.ArrayOf(Gen.Choose(0, scale), 30)
           select (permits, TimeSpan.FromTicks(per), pauses.Select(ticks => TimeSpan.FromTicks(ticks)).ToArray());

    private static int Take(RateLimiter limiter)
    {
        var count = 0;
        while (limiter.AttemptAcquire().IsAcquired)
        {
            count++;
        }

        return count;
    }
}
