using Messaging.Toolkit.RabbitMQ.Receiving;
using Messaging.Toolkit.Tests.Runtime;

namespace Messaging.Toolkit.RabbitMQ.Tests.Receiving;

public sealed class UnsettledTagsTests
{
    private readonly ManualTimeProvider time = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_the_broker_is_told_means_what_was_done_and_nothing_else(int seed)
    {
        var random = new Random(seed);
        var tags = new UnsettledTags(prefetch: 1_000 * seed, time);
        var broker = new SortedSet<ulong>(); // What it has not heard of yet.
        var done = new HashSet<ulong>();
        for (var tag = 1UL; tag <= 2_000; tag++)
        {
            tags.Add(tag);
            broker.Add(tag);
            if (random.Next(3) > 0)
            {
                continue;
            }

            time.Advance(TimeSpan.FromMilliseconds(random.Next(30)));
            var settled = broker.Where(_ => random.Next(4) == 0).ToList();
            done.UnionWith(settled);
            tags.Settle(settled.Concat(settled)); // As if some were settled twice.
            if (random.Next(2) == 0)
            {
                Tell(tags.Take(all: random.Next(4) == 0));
            }
        }

        done.UnionWith(broker);
        tags.Settle(broker.ToList());
        Tell(tags.Take(all: false));
        broker.Should().BeEmpty();

        void Tell((ulong? UpTo, IReadOnlyList<ulong> Single) told)
        {
            if (told.UpTo is { } upTo)
            {
                broker.Should().Contain(upTo, "the broker closes the channel if it does not know the last of a row");
                broker.Where(each => each <= upTo).Should().BeSubsetOf(done);
                broker.RemoveWhere(each => each <= upTo);
                broker.Where(done.Contains).Should().NotContain(broker.Min, "a row goes as far as it can");
            }

            told.Single.Should().BeSubsetOf(done).And.BeSubsetOf(broker).And.OnlyHaveUniqueItems();
            broker.ExceptWith(told.Single);
        }
    }

    [Fact]
    public void What_is_ahead_is_told_with_what_was_before_it_when_that_is_done()
    {
        var tags = NewTags(100);

        tags.Settle(Range(33, 64));
        ShouldTell(tags, null);
        tags.Settle(Range(1, 32));

        ShouldTell(tags, 64);
        tags.Wait.Should().Be(Timeout.InfiniteTimeSpan);
        ShouldTell(tags, null);
    }

    [Fact]
    public void What_is_ahead_waits_no_longer_than_a_moment_for_one_that_is_not_done_whatever_else_is()
    {
        var tags = NewTags(100);
        tags.Settle([2, 4]);
        time.Advance(UnsettledTags.Moment / 2);
        tags.Settle([1, 5]);
        ShouldTell(tags, 2);
        tags.Wait.Should().Be(UnsettledTags.Moment / 2);
        time.Advance(tags.Wait);

        tags.Wait.Should().Be(TimeSpan.Zero);
        ShouldTell(tags, null, 4);

        tags.Wait.Should().Be(UnsettledTags.Moment / 2);
        time.Advance(tags.Wait);
        ShouldTell(tags, null, 5);
        tags.Wait.Should().Be(Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public void What_is_ahead_does_not_wait_when_it_takes_a_quarter_of_the_room_or_is_the_last()
    {
        var tags = NewTags(100);
        tags.Settle(Range(2, 50));
        ShouldTell(tags, null);
        tags.Take(all: true).Single.Should().Equal(Range(2, 50));

        tags.Settle(Range(51, 100));

        tags.Take(all: false).Single.Should().Equal(Range(51, 100));
    }

    [Fact]
    public void What_is_ahead_does_not_wait_when_what_is_before_it_has_nearly_all_the_room()
    {
        var tags = NewTags(200);

        tags.Settle([192]);
        ShouldTell(tags, null);
        tags.Settle([193, 194, 195]);

        ShouldTell(tags, null, 192, 193, 194, 195);
    }

    [Fact]
    public void One_that_is_not_done_for_long_is_passed_when_it_is()
    {
        var tags = NewTags(1);
        for (var tag = 2UL; tag <= 5_000; tag++)
        {
            tags.Add(tag);
            tags.Settle([tag]);
            tags.Take(all: true).Single.Should().Equal(tag);
        }

        tags.Settle([1]);
        ShouldTell(tags, 1);
        tags.Add(5_001);
        tags.Settle([5_001]);

        ShouldTell(tags, 5_001);
    }

    [Fact]
    public void A_row_does_not_end_with_what_was_told_by_itself()
    {
        var tags = NewTags(3);
        tags.Settle([2, 3]);
        tags.Take(all: true).Single.Should().Equal(2, 3);

        tags.Settle([1]);

        ShouldTell(tags, 1);
    }

    private UnsettledTags NewTags(int count)
    {
        var tags = new UnsettledTags(prefetch: 200, time);
        foreach (var tag in Range(1, count))
        {
            tags.Add(tag);
        }

        return tags;
    }

    private static void ShouldTell(UnsettledTags tags, ulong? upTo, params ulong[] single)
    {
        var told = tags.Take(all: false);
        told.UpTo.Should().Be(upTo);
        told.Single.Should().Equal(single);
    }

    private static IEnumerable<ulong> Range(int first, int last) => Enumerable.Range(first, last - first + 1).Select(tag => (ulong)tag);
}
