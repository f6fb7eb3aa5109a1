using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Tests.Messages;

public sealed class HeaderRulesTests
{
    [Theory]
    [InlineData("tenant", "a")]
    [InlineData("X-Tenant", "")]
    [InlineData("!#$%&'*+-.^_`|~09azAZ", "Müller & Söhne 🏭")]
    [InlineData("ce", "not the prefix")]
    [InlineData("certificate", "not the prefix")]
    [InlineData("name", "\u007F\u0085 \u2028")]
    public void A_token_with_any_text_is_a_header(string name, string value) => Refuse(name, value).Should().BeNull();

    [Theory]
    [InlineData("ce_x")]
    [InlineData("Ce-x")]
    [InlineData("CLOUDEVENTSx")]
    [InlineData("BAGGAGE")]
    [InlineData("content-encoding")]
    public void What_transports_use_themselves_is_reserved_in_any_case(string name)
        => Refuse(name, "secret").Should().Contain("reserved").And.Contain(name).And.NotContain("secret");

    [Fact]
    public void A_name_may_have_128_characters()
    {
        Refuse(new string('x', 128), "").Should().BeNull();
        Refuse(new string('x', 129), "").Should().Contain("longer than 128").And.NotContain("xxxx");
    }

    [Fact]
    public void Count_and_length_are_bounded_and_the_bounds_are_the_applications()
    {
        var limits = new MessageLimits { MaxHeaderCount = 2, MaxHeaderLength = 10 };

        HeaderRules.Refuse(Headers(("a", "1234"), ("b", "1234")), limits).Should().BeNull();
        HeaderRules.Refuse(Headers(("a", "1234"), ("b", "12345")), limits).Should().Contain("11 characters, the limit is 10");
        HeaderRules.Refuse(Headers(("a", ""), ("b", ""), ("c", "")), limits).Should().Contain("3 headers, the limit is 2");
    }

    private static string? Refuse(string name, string value) => HeaderRules.Refuse(Headers((name, value)), new MessageLimits());

    private static Dictionary<string, string> Headers(params (string Name, string Value)[] headers) => headers.ToDictionary(header => header.Name, header => header.Value);
}
