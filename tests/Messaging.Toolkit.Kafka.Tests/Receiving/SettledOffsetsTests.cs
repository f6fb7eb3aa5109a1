using Messaging.Toolkit.Kafka.Receiving;

namespace Messaging.Toolkit.Kafka.Tests.Receiving;

/// <summary>Only what is settled without a gap may be stored.</summary>
public sealed class SettledOffsetsTests
{
    [Fact]
    public void What_is_settled_behind_a_gap_waits_for_it()
    {
        var settled = new SettledOffsets();
        settled.Add(5);
        settled.Add(6);
        settled.Add(7);

        settled.Settle(6).Should().BeFalse();
        settled.Next.Should().BeNull();
        settled.Settle(5).Should().BeTrue();
        settled.Next.Should().Be(7);
        settled.Settle(7).Should().BeTrue();
        settled.Next.Should().Be(8);
        settled.Count.Should().Be(0);
    }

    [Fact]
    public void What_was_never_received_or_is_settled_already_changes_nothing()
    {
        var settled = new SettledOffsets();
        settled.Add(5);
        settled.Add(9);
        settled.Settle(9);

        settled.Settle(9).Should().BeFalse();
        settled.Settle(7).Should().BeFalse();
        settled.Settle(10).Should().BeFalse();

        settled.Next.Should().BeNull();
        settled.Count.Should().Be(2);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(4)]
    public void Offsets_that_do_not_rise_are_refused(long offset)
    {
        var settled = new SettledOffsets();
        settled.Add(5);
        settled.Invoking(each => each.Add(offset)).Should().Throw<InvalidOperationException>();
    }

    /// <summary>The model keeps all that was ever received, and looks through it each time.</summary>
    [Fact]
    public void In_any_order_it_says_what_the_model_says()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            var (settled, model) = (new SettledOffsets(), new Model());
            var offset = (long)random.Next(1000);
            for (var step = 0; step < 250; step++)
            {
                if (random.Next(100) < 30 + (seed % 40))
                {
                    offset += random.Next(10) == 0 ? random.Next(1, 1000) : 1;
                    settled.Add(offset);
                    model.Add(offset);
                }
                else
                {
                    // Mostly one that was received, of these mostly an old one, sometimes any.
                    var which = model.Choose(random);
                    var before = model.Next;
                    model.Settle(which);
                    settled.Settle(which).Should().Be(model.Next != before, "seed {0}, step {1}, offset {2}", seed, step, which);
                }

                settled.Next.Should().Be(model.Next, "seed {0}, step {1}", seed, step);
                settled.Count.Should().Be(model.Open, "seed {0}, step {1}", seed, step);
            }
        }
    }

    private sealed class Model
    {
        private readonly List<(long Offset, bool IsSettled)> received = [];

        public long? Next => received.TakeWhile(each => each.IsSettled).Select(each => (long?)each.Offset + 1).LastOrDefault();

        public int Open => received.SkipWhile(each => each.IsSettled).Count();

        public void Add(long offset) => received.Add((offset, false));

        public void Settle(long offset)
        {
            if (received.FindIndex(each => each.Offset == offset) is >= 0 and var index)
            {
                received[index] = (offset, true);
            }
        }

        public long Choose(Random random)
        {
            var open = received.Where(each => !each.IsSettled).Select(each => each.Offset).ToList();
            return open.Count == 0 || random.Next(10) == 0 ? random.Next(2000) : open[Math.Min(random.Next(open.Count), random.Next(open.Count))];
        }
    }
}
