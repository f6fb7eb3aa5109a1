using Messaging.Toolkit.Runtime;

namespace Messaging.Toolkit.Tests.Runtime;

public sealed class BackoffTests
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    [Fact]
    public void Waiting_times_double_up_to_the_longest()
    {
        var most = new Backoff(First, Longest, new ConstantEntropy(0xFF));
        var least = new Backoff(First, Longest, new ConstantEntropy(0));

        for (var failures = 1; failures <= 100; failures++)
        {
            var ceiling = Math.Min(50 * Math.Pow(2, failures - 1), 15_000);
            most.After(failures).TotalMilliseconds.Should().BeApproximately(ceiling, 0.01);
            least.After(failures).TotalMilliseconds.Should().BeApproximately(ceiling / 2, 0.01);
        }
    }

    [Fact]
    public void Processes_that_failed_together_do_not_come_back_together()
        => Enumerable.Range(0, 20).Select(seed => new Backoff(First, Longest, new SeededEntropy(seed)).After(1)).Should().OnlyHaveUniqueItems();

    [Fact]
    public void The_longest_time_there_is_does_not_overflow()
    {
        var backoff = new Backoff(TimeSpan.FromDays(3650), TimeSpan.FromDays(3650), new ConstantEntropy(0xFF));
        for (var failures = 1; failures <= 40; failures++)
        {
            backoff.After(failures).Should().BePositive().And.BeLessThanOrEqualTo(TimeSpan.FromDays(3650));
        }
    }
}
