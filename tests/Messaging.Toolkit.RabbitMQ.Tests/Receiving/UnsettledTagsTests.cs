using Messaging.Toolkit.RabbitMQ.Receiving;

namespace Messaging.Toolkit.RabbitMQ.Tests.Receiving;

public sealed class UnsettledTagsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_the_broker_is_told_means_what_was_done_and_nothing_else(int seed)
    {
        var random = new Random(seed);
        var tags = new UnsettledTags();
        var unsettled = new SortedSet<ulong>();
        for (var tag = 1UL; tag <= 2_000; tag++)
        {
            tags.Add(tag);
            unsettled.Add(tag);
            if (random.Next(3) > 0)
            {
                continue;
            }

            var done = unsettled.Where(_ => random.Next(4) == 0).ToList();
            var (upTo, single) = tags.Remove(done.Concat(done)); // As if some were settled twice.

            var meant = unsettled.Where(each => each <= upTo).Concat(single).ToList();
            meant.Should().BeEquivalentTo(done).And.OnlyHaveUniqueItems();
            unsettled.ExceptWith(done);
        }
    }

    [Fact]
    public void Many_in_a_row_are_one_word()
    {
        var tags = new UnsettledTags();
        foreach (var tag in Enumerable.Range(1, 100))
        {
            tags.Add((ulong)tag);
        }

        tags.Remove(Enumerable.Range(1, 60).Select(tag => (ulong)tag)).Should().BeEquivalentTo(((ulong?)60, Array.Empty<ulong>()));
    }
}
