using Messaging.Toolkit.Endpoints;

namespace Messaging.Toolkit.Tests.Endpoints;

public sealed class KeyedQueueTests
{
    private readonly record struct Item(int Number, string? Key);

    public static TheoryData<int> Seeds => new(Enumerable.Range(0, 50));

    /// <summary>Against a model that keeps what waits in order, and knows which keys run or pause.</summary>
    [Theory, MemberData(nameof(Seeds))]
    public void Whatever_happens_each_key_is_in_order_and_in_one_group_at_a_time(int seed)
    {
        var random = new Random(seed);
        var alone = new HashSet<Item>();
        var queue = new KeyedQueue<Item>(item => item.Key, alone.Contains);
        var waiting = new List<Item>();
        var groups = new List<List<Item>>();
        var paused = new List<(Item First, KeyedQueue<Item>.Line Line)>();
        var ended = new List<Item>();
        var keys = random.Next(1, 8);
        var added = 0;

        for (var step = 0; step < 2000; step++)
        {
            switch (random.Next(12))
            {
                case < 4:
                    var item = new Item(added++, random.Next(4) == 0 ? null : $"key {random.Next(keys)}");
                    queue.Add(item);
                    waiting.Add(item);
                    break;

                case < 7:
                    Take(random.Next(1, 6));
                    break;

                case < 10 when groups.Count > 0:
                    Complete(groups[random.Next(groups.Count)], mayFail: true);
                    break;

                case 10 when paused.Count > 0:
                    Resume(random.Next(paused.Count));
                    break;

                case 11 when random.Next(50) == 0:
                    // Of one of the sources that they come from, or of both.
                    Func<Item, bool> goes = random.Next(2) == 0 ? _ => true : gone => gone.Number % 2 == 0;
                    var cleared = queue.Remove(goes);
                    cleared.Should().BeEquivalentTo(waiting.Where(goes));
                    foreach (var ofKey in cleared.Where(x => x.Key is not null).GroupBy(x => x.Key))
                    {
                        ofKey.Select(x => x.Number).Should().BeInAscendingOrder("what is given back must come again in its order");
                    }

                    ended.AddRange(cleared);
                    waiting.RemoveAll(cleared.Contains);
                    paused.RemoveAll(x => x.First.Key is { } key ? waiting.TrueForAll(left => left.Key != key) : !waiting.Contains(x.First));
                    break;
            }

            Check();
        }

        while (waiting.Count > 0 || groups.Count > 0)
        {
            while (paused.Count > 0)
            {
                Resume(0);
            }

            Take(3);
            groups.Should().NotBeEmpty("something waits, so something can be taken");
            Complete(groups[0], mayFail: false);
            Check();
        }

        ended.Select(x => x.Number).Should().BeEquivalentTo(Enumerable.Range(0, added));

        void Take(int max)
        {
            var ready = Ready();
            var group = queue.Take(max);

            group.Should().HaveCountLessThanOrEqualTo(max);
            (group.Count > 0).Should().Be(ready.Count > 0);
            foreach (var ofKey in group.Where(x => x.Key is not null).GroupBy(x => x.Key))
            {
                ofKey.Should().Equal(waiting.Where(x => x.Key == ofKey.Key).Take(ofKey.Count()), "the first of the key, in their order");
            }

            group.Should().BeSubsetOf(ready);
            if (group.Any(alone.Contains))
            {
                group.Should().ContainSingle("what runs alone is taken alone");
            }

            waiting.RemoveAll(group.Contains);
            if (group.Count > 0)
            {
                groups.Add(group);
            }
        }

        void Complete(List<Item> group, bool mayFail)
        {
            var again = mayFail ? group.Where(_ => random.Next(3) == 0).Select(item => (item, random.Next(2) == 0)).ToList() : [];
            var pausing = queue.Complete(group, again);
            paused.AddRange(again.Where(x => x.Item2).Select(x => x.item).Zip(pausing));
            alone.UnionWith(again.Select(x => x.item));
            groups.Remove(group);
            ended.AddRange(group.Except(again.Select(x => x.item)));

            // They go back in front of what waits of their keys, in their order.
            waiting.InsertRange(0, again.Select(x => x.item));
        }

        void Resume(int index)
        {
            // The line goes on when the first of its pauses is over; what is left of them changes nothing.
            queue.Resume(paused[index].Line);
            var key = paused[index].First.Key;
            paused.RemoveAll(x => key is null ? x.First == paused[index].First : x.First.Key == key);
        }

        void Check()
        {
            var ready = Ready();
            queue.Waiting.Should().Be(waiting.Count);
            queue.Count.Should().Be(waiting.Count + groups.Sum(x => x.Count));
            queue.Ready.Should().Be(ready.Count(x => x.Key is null) + ready.Select(x => x.Key).OfType<string>().Distinct().Count());
        }

        List<Item> Ready()
        {
            var busy = groups.SelectMany(x => x).Concat(paused.Select(x => x.First)).Select(x => x.Key).OfType<string>().ToHashSet();
            return [.. waiting.Where(x => x.Key is null ? paused.All(pause => pause.First != x) : !busy.Contains(x.Key))];
        }
    }

    [Fact]
    public void Different_keys_come_before_more_of_the_same()
    {
        var queue = new KeyedQueue<Item>(item => item.Key, _ => false);
        foreach (var item in new Item[] { new(1, "a"), new(2, "a"), new(3, "b"), new(4, "a"), new(5, null) })
        {
            queue.Add(item);
        }

        queue.Take(4).Select(item => item.Number).Should().Equal(1, 3, 5, 2);
        queue.Take(4).Should().BeEmpty("'a' is running");
    }

    [Fact]
    public void Keys_are_compared_as_they_are()
    {
        var queue = new KeyedQueue<Item>(item => item.Key, _ => false);
        foreach (var key in new[] { "a", "A", "a ", "e\u0301", "\u00E9", "" })
        {
            queue.Add(new Item(0, key));
        }

        queue.Ready.Should().Be(6);
    }
}
