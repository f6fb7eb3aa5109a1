using System.Globalization;

namespace Messaging.Toolkit.Journal;

/// <summary>
/// A time of a hybrid logical clock: what was the cause of something has a lesser time than that, whatever the clocks of the machines say, and otherwise it is
/// about the time of day. After Kulkarni, Demirbas and others, "Logical Physical Clocks" (2014).
/// </summary>
/// <param name="Value">Milliseconds since 1970 in the upper 48 bits, a counter in the lower 16.</param>
public readonly record struct HybridTime(long Value) : IComparable<HybridTime>
{
    internal const int CounterBits = 16;

    /// <summary>The time of day: to the millisecond, and never before that of its cause.</summary>
    public DateTimeOffset Time => DateTimeOffset.FromUnixTimeMilliseconds(Value >> CounterBits);

    /// <summary>Counts what has the same time of day.</summary>
    public int Counter => (int)(Value & ((1 << CounterBits) - 1));

    /// <summary>The first of a time of day.</summary>
    internal static HybridTime Of(DateTimeOffset time) => new(Math.Max(0, time.ToUnixTimeMilliseconds()) << CounterBits);

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <param name="text">The text, or null.</param>
    /// <returns>Null if it is none.</returns>
    public static HybridTime? Parse(string? text)
        => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? new(value) : null;

    /// <inheritdoc/>
    public int CompareTo(HybridTime other) => Value.CompareTo(other.Value);

    /// <summary>Whether one is before the other.</summary>
    public static bool operator <(HybridTime one, HybridTime other) => one.Value < other.Value;

    /// <summary>Whether one is after the other.</summary>
    public static bool operator >(HybridTime one, HybridTime other) => one.Value > other.Value;

    /// <summary>Whether one is not after the other.</summary>
    public static bool operator <=(HybridTime one, HybridTime other) => one.Value <= other.Value;

    /// <summary>Whether one is not before the other.</summary>
    public static bool operator >=(HybridTime one, HybridTime other) => one.Value >= other.Value;

    /// <summary>The value in decimal digits, as it travels with messages.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
