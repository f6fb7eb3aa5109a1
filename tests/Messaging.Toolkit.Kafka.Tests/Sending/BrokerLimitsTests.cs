using Messaging.Toolkit.Kafka.Sending;

namespace Messaging.Toolkit.Kafka.Tests.Sending;

/// <summary>What is known of topics and messages that Kafka has refused.</summary>
public sealed class BrokerLimitsTests
{
    private readonly ManualTime time = new();
    private readonly Guid message = Guid.NewGuid();

    [Fact]
    public void A_message_that_was_refused_is_refused_for_a_while_and_then_sent_alone_again()
    {
        var limits = new BrokerLimits(time);

        limits.LearnMessage(message, "too large");
        limits.Refuse(message).Should().Be("too large");

        time.Advance(TimeSpan.FromMinutes(2));
        limits.Refuse(message).Should().BeNull("its topic may take more by now");
        limits.IsSuspect(message).Should().BeTrue("and if it does not, no other message is to be refused with it");
    }

    [Fact]
    public void What_is_only_suspected_is_not_refused()
    {
        var limits = new BrokerLimits(time);

        limits.Suspect(message);

        limits.Refuse(message).Should().BeNull();
        limits.IsSuspect(message).Should().BeTrue();
    }
}
