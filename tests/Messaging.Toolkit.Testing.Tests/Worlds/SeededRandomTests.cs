using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Testing.Tests.Worlds;

public sealed class SeededRandomTests
{
    [Fact]
    public void Its_numbers_are_those_of_the_published_algorithm()
    {
        // The first numbers of SplitMix64 for seed 1234567, as its authors' reference gives them.
        var random = new SeededRandom(1234567);

        new[] { random.Next(), random.Next(), random.Next() }.Should().Equal(6457827717110365317, 3203168211198807973, 9817491932198370423);
    }

    [Fact]
    public void Names_have_numbers_of_their_own()
        => SeededRandom.For(1, "a").Next().Should().NotBe(SeededRandom.For(1, "b").Next());

    [Fact]
    public void Numbers_below_a_bound_are_spread_evenly()
    {
        var random = new SeededRandom(5);
        var counts = Enumerable.Range(0, 30_000).Select(_ => random.Next(3)).CountBy(number => number).OrderBy(count => count.Key).ToList();

        counts.Select(count => count.Key).Should().Equal(0, 1, 2);
        counts.Should().OnlyContain(count => count.Value > 9_500 && count.Value < 10_500);
    }
}
