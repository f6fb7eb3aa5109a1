using System.Diagnostics;
using Messaging.Toolkit.Diagnostics.Tracing;

namespace Messaging.Toolkit.Tests.Diagnostics;

/// <summary>What is passed on as a trace context is one, whatever came in.</summary>
public sealed class TraceContextTests
{
    private const string Good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    public static TheoryData<string?> Malformed =>
    [
        null, "", "garbage", "00", Good[..54], Good + "0", Good + "-what-comes-later", new string('0', 10_000), Good.Replace("00-", "ff-", StringComparison.Ordinal),
        Good.ToUpperInvariant(), Good.Replace('-', '_'), Good.Replace("0af7651916cd43dd8448eb211c80319c", new string('0', 32), StringComparison.Ordinal),
        Good.Replace("b7ad6b7169203331", new string('0', 16), StringComparison.Ordinal), Good.Replace('b', 'g'), Good.Replace('b', 'ä'), Good.Replace("-01", "-0\0", StringComparison.Ordinal), " " + Good[..54],
    ];

    [Theory, MemberData(nameof(Malformed))]
    public void What_is_no_context_is_dropped_and_its_state_with_it(string? parent)
    {
        TraceContext.Keep(parent, "vendor=1").Should().Be(((string?)null, (string?)null));
        TraceContext.TryParse(parent, "vendor=1", out _).Should().BeFalse();
    }

    [Theory]
    [InlineData(Good)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")]
    [InlineData("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff")]
    public void What_is_one_is_kept_as_it_is(string parent)
    {
        TraceContext.Keep(parent, "vendor=1,other=2").Should().Be((parent, "vendor=1,other=2"));
        TraceContext.TryParse(parent, null, out var context).Should().BeTrue();
        context.SpanId.Should().Be(ActivitySpanId.CreateFromString("b7ad6b7169203331"));
        context.IsRemote.Should().BeTrue();
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\r\nb")]
    [InlineData("ä=1")]
    [InlineData(null)]
    public void A_state_that_nobody_could_pass_on_is_dropped_alone(string? state) => TraceContext.Keep(Good, state).Should().Be((Good, (string?)null));

    [Fact]
    public void A_state_that_is_too_long_is_dropped_alone() => TraceContext.Keep(Good, new string('a', 513)).Should().Be((Good, (string?)null));
}
