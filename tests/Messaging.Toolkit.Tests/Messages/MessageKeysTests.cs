using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;

namespace Messaging.Toolkit.Tests.Messages;

public sealed class MessageKeysTests
{
    [Theory]
    [InlineData("a", 27)]
    [InlineData("b", 16)]
    [InlineData("order-1", 37)]
    [InlineData("order-2", 43)]
    [InlineData("Order-2", 34)]
    [InlineData("order-2 ", 44)]
    [InlineData("straße", 34)]
    [InlineData("🛒", 1)]
    [InlineData("01890a5d-ac96-774b-bcce-b302099a8057", 20)]
    public void The_bucket_of_a_key_is_the_same_in_every_process_and_version(string key, int bucket)
        => MessageKeys.Bucket(key, OutboxOptions.Buckets).Should().Be(bucket);

    [Fact]
    public void The_bucket_of_a_message_without_a_key_is_the_same_in_every_process_and_version()
        => MessageKeys.Bucket(new Guid("01890a5d-ac96-774b-bcce-b302099a8057"), OutboxOptions.Buckets).Should().Be(5);

    [Theory]
    [InlineData("{0}")]
    [InlineData("order-{0}")]
    [InlineData("{0:0000000000}")]
    [InlineData("customer/{0}/order")]
    public void Keys_that_differ_in_a_number_are_spread_evenly(string format)
    {
        const int PerBucket = 1000;
        var counts = new int[OutboxOptions.Buckets];
        for (var i = 0; i < PerBucket * counts.Length; i++)
        {
            counts[MessageKeys.Bucket(string.Format(System.Globalization.CultureInfo.InvariantCulture, format, i), counts.Length)]++;
        }

        counts.Should().OnlyContain(count => count > PerBucket * 0.85 && count < PerBucket * 1.15);
    }

    [Fact]
    public void Messages_without_a_key_are_spread_evenly_even_within_a_millisecond()
    {
        var ids = new MessageIds(new Runtime.ManualTimeProvider(), new Runtime.SeededEntropy(1));
        var counts = new int[OutboxOptions.Buckets];
        for (var i = 0; i < 64_000; i++)
        {
            counts[MessageKeys.Bucket(ids.New(), counts.Length)]++;
        }

        counts.Should().OnlyContain(count => count > 850 && count < 1150);
    }

    [Fact]
    public void The_longest_key_has_a_bucket_and_the_next_longer_one_is_refused()
    {
        var longest = new string('x', MessageLimits.MaxKeyBytes);

        MessageKeys.Refuse(longest).Should().BeNull();
        MessageKeys.Bucket(longest, 64).Should().BeInRange(0, 63);
        MessageKeys.Refuse(longest + "x").Should().Contain("513 bytes");
    }

    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("🛒")]
    [InlineData("e\u0301")]
    [InlineData("'; DROP TABLE x; --")]
    [InlineData("\u0085\u2028")]
    public void Whatever_is_text_is_a_key(string key) => MessageKeys.Refuse(key).Should().BeNull();
}
