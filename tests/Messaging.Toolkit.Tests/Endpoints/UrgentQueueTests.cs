using FsCheck;
using FsCheck.Fluent;
using Messaging.Toolkit.Endpoints;

namespace Messaging.Toolkit.Tests.Endpoints;

/// <summary>What is urgent goes first, no key is ever reordered, and the others go on.</summary>
public sealed class UrgentQueueTests
{
    private readonly record struct Item(int Number, string? Key, bool IsUrgent);

    [Fact]
    public void What_is_urgent_goes_before_what_waits()
        => Take(4, new(1, "a", false), new(2, "b", true), new(3, null, true), new(4, "c", false)).Should().Equal(2, 3, 1, 4);

    [Fact]
    public void But_not_before_what_is_before_it_in_its_key()
        => Take(3, new(1, "a", false), new(2, "a", true), new(3, "b", true)).Should().Equal(3, 1, 2);

    [Fact]
    public void One_of_eight_is_not_urgent()
        => Take(100, [.. Enumerable.Range(1, 20).Select(number => new Item(number, null, number > 3))])
            .Should().Equal(4, 5, 6, 7, 8, 9, 10, 1, 11, 12, 13, 14, 15, 16, 17, 2, 18, 19, 20, 3);

    [Fact]
    public void What_is_refused_stays_with_all_behind_it()
    {
        var queue = QueueOf([new(1, "a", false), new(2, "b", false), new(3, "a", false)]);
        var admitted = 0;

        queue.Take(3, _ => admitted++ < 1).Select(item => item.Number).Should().Equal(1);
        queue.Waiting.Should().Be(2);
        queue.Take(3, _ => false).Should().BeEmpty();
        queue.Take(3, _ => true).Select(item => item.Number).Should().Equal(2);
    }

    /// <summary>Against a model: order per key, nothing lost or doubled, urgent ones first, and the bound.</summary>
    [Fact]
    public void Whatever_comes_and_goes_the_rules_hold()
        => Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(Arb.From(Gen.ArrayOf(Gen.Choose(0, 100_000), 300)), steps =>
        {
            var queue = QueueOf([]);
            var waiting = new List<Item>();
            var running = new List<List<Item>>();
            var taken = 0;
            var (added, ended) = (0, new List<Item>());
            var passedOver = 0;
            foreach (var step in steps)
            {
                switch (step % 4)
                {
                    case 0 or 1:
                        var item = new Item(added++, step % 5 == 0 ? null : $"{step / 5 % 6}", step % 3 > 0);
                        queue.Add(item);
                        waiting.Add(item);
                        break;
                    case 2:
                        TakeOne(step);
                        break;
                    case 3 when running.Count > 0:
                        var group = running[step / 4 % running.Count];
                        var again = group.Where(_ => step % 7 == 0).ToList();
                        queue.Complete(group, [.. again.Select(back => (back, false))]);
                        waiting.InsertRange(0, again);
                        ended.AddRange(group.Except(again));
                        running.Remove(group);
                        break;
                }
            }

            foreach (var group in running)
            {
                queue.Complete(group, []);
                ended.AddRange(group);
            }

            running.Clear();
            while (waiting.Count > 0)
            {
                var group = TakeOne(step: 0);
                group.Should().NotBeEmpty();
                queue.Complete(group, []);
                running.Remove(group);
                ended.AddRange(group);
            }

            ended.Select(x => x.Number).Order().Should().Equal(Enumerable.Range(0, added));
            return queue.Count == 0;

            // One at a time, so that what goes first can be compared with all that could have gone.
            List<Item> TakeOne(int step)
            {
                var busy = running.SelectMany(x => x).Select(x => x.Key).OfType<string>().ToHashSet();
                var first = waiting.Where(x => x.Key is null).Concat(waiting.Where(x => x.Key is not null && !busy.Contains(x.Key)).GroupBy(x => x.Key).Select(line => line.First())).ToList();
                var group = queue.Take(1, _ => step % 11 != 1);
                if (step % 11 == 1 || first.Count == 0)
                {
                    group.Should().BeEmpty();
                    return group;
                }

                var item = group.Should().ContainSingle().Subject;
                first.Should().Contain(item, "it is the first of its key, and its key is free");
                passedOver = item.IsUrgent && first.Exists(x => !x.IsUrgent) ? passedOver + 1 : 0;
                passedOver.Should().BeLessThanOrEqualTo(UrgentFirst<Item>.MostUrgent);
                if (!item.IsUrgent && first.Exists(x => x.IsUrgent))
                {
                    taken.Should().BeGreaterThanOrEqualTo(UrgentFirst<Item>.MostUrgent, "only after so many urgent ones has another its turn before one of them");
                }

                taken = item.IsUrgent ? taken + 1 : 0;
                waiting.Remove(item);
                running.Add(group);
                return group;
            }
        }));

    private static IEnumerable<int> Take(int count, params Item[] items) => QueueOf(items).Take(count).Select(item => item.Number);

    private static KeyedQueue<Item> QueueOf(IEnumerable<Item> items)
    {
        var queue = new KeyedQueue<Item>(item => item.Key, _ => false, item => item.IsUrgent);
        foreach (var item in items)
        {
            queue.Add(item);
        }

        return queue;
    }
}
