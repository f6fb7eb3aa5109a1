namespace Messaging.Toolkit.Diagnostics.Measuring;

/// <summary>What was measured, and when.</summary>
/// <param name="Value">What was found.</param>
/// <param name="At">When, by the steady clock.</param>
internal sealed record Measured<T>(T Value, long At)
{
    public TimeSpan Age(TimeProvider time) => time.GetElapsedTime(At);
}
