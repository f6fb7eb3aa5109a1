using System.Globalization;

namespace Messaging.Toolkit.Sagas.Processes;

/// <summary>
/// What an instance is known by, as text: the same for equal values, in every process and culture, also when one of them has been through a message. Types of which
/// that cannot be said are refused, as two events of one thing would be for two instances.
/// </summary>
internal static class CorrelationText
{
    /// <exception cref="UnhandleableException">The value is of a type that has no text of which that can be said.</exception>
    public static string? Of(object? value, string definition) => value switch
    {
        null => null,
        string text => text,
        Guid or Enum or sbyte or byte or short or ushort or int or uint or long or ulong or Int128 or UInt128 or System.Numerics.BigInteger
            => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
        char one => one.ToString(),
        bool one => one ? "true" : "false",

        // 1.10 is 1.1.
        decimal number => (number / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture),
        DateOnly date => date.ToString("O", CultureInfo.InvariantCulture),
        TimeOnly time => time.ToString("O", CultureInfo.InvariantCulture),
        TimeSpan time => time.ToString("c", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        DateTime { Kind: DateTimeKind.Utc } time => time.ToString("O", CultureInfo.InvariantCulture),
        DateTime => throw Refused(definition, "a DateTime that is not in UTC, which is another moment elsewhere: use DateTimeOffset or UTC"),
        float or double or Half => throw Refused(definition, $"a {value.GetType().Name}, of which two that look equal may differ: use a decimal or a text"),
        _ => throw Refused(definition, $"a {value.GetType().Name}, whose text may be the same for two things or change: use what it has inside, a string, Guid, integer or enum"),
    };

    private static UnhandleableException Refused(string definition, string what) => new($"'{definition}' cannot correlate it by {what}");
}
