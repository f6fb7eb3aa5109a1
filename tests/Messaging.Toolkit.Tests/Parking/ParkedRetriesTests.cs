using Messaging.Toolkit.Parking;

namespace Messaging.Toolkit.Tests.Parking;

public sealed class ParkedRetriesTests
{
    [Theory]
    [InlineData(0.05, 0.25)]
    [InlineData(1, 5)]
    [InlineData(2, 5)]
    [InlineData(5, 5)]
    [InlineData(60, 60)]
    public void What_others_have_left_is_looked_for_less_often_than_the_outbox(double longestPoll, double interval)
        => ParkedRetries.IntervalFor(TimeSpan.FromSeconds(longestPoll)).Should().Be(TimeSpan.FromSeconds(interval));
}
