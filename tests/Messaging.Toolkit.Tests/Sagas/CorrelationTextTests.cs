using System.Globalization;
using FluentAssertions;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Processes;
using Xunit;

namespace Messaging.Toolkit.Tests.Sagas;

/// <summary>Equal values are one instance, whatever their form, the process or its culture; what cannot promise that is refused.</summary>
public sealed class CorrelationTextTests
{
    public static TheoryData<object, object, string> Equal => new()
    {
        { "Order 1", "Order 1", "Order 1" },
        { 1_000_000, 1_000_000L, "1000000" },
        { -5, (short)-5, "-5" },
        { 1.10m, 1.1m, "1.1" },
        { 100.00m, 100m, "100" },
        { 0.0m, 0m, "0" },
        { DayOfWeek.Monday, DayOfWeek.Monday, "Monday" },
        { new DateOnly(2030, 2, 1), new DateOnly(2030, 2, 1), "2030-02-01" },
        { new DateTimeOffset(2030, 2, 1, 12, 0, 0, TimeSpan.FromHours(2)), new DateTimeOffset(2030, 2, 1, 10, 0, 0, TimeSpan.Zero), "2030-02-01T10:00:00.0000000Z" },
        { new DateTime(2030, 2, 1, 10, 0, 0, DateTimeKind.Utc), new DateTime(2030, 2, 1, 10, 0, 0, DateTimeKind.Utc), "2030-02-01T10:00:00.0000000Z" },
        { true, true, "true" },
        { TimeSpan.FromHours(36), TimeSpan.FromDays(1.5), "1.12:00:00" },
    };

    [Theory]
    [MemberData(nameof(Equal))]
    public void Equal_values_have_one_text_in_every_culture(object one, object other, string text)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        try
        {
            CorrelationText.Of(one, "shop.order").Should().Be(text);
            CorrelationText.Of(other, "shop.order").Should().Be(text);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    public static TheoryData<object, string> Refused => new()
    {
        { 0.1, "a Double" },
        { 0.1f, "a Single" },
        { new DateTime(2030, 2, 1), "not in UTC" },
        { new DateTime(2030, 2, 1, 0, 0, 0, DateTimeKind.Local), "not in UTC" },
        { new OrderId(7), "a OrderId" },
        { new object(), "a Object" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_has_no_such_text_is_refused_by_its_type_and_not_its_value(object value, string reason)
    {
        var act = () => CorrelationText.Of(value, "shop.order");

        act.Should().Throw<UnhandleableException>().WithMessage($"'shop.order' cannot correlate it by *{reason}*").Which.Message.Should().NotContain("2030").And.NotContain("7");
    }

    private sealed record OrderId(int Value);
}
