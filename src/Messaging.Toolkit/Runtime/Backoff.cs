namespace Messaging.Toolkit.Runtime;

/// <summary>
/// Waiting times that double from the first to the longest, each drawn between half of it and the whole, so that
/// processes which failed together do not come back together.
/// </summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest, EntropySource entropy)
{
    /// <summary>The time to wait after that many failures in a row, from 1.</summary>
    public TimeSpan After(int failures)
    {
        // Thirty doublings are over any longest time there is; more would overflow.
        var ceiling = Math.Min(first.Ticks * Math.Pow(2, Math.Clamp(failures - 1, 0, 30)), longest.Ticks);
        return TimeSpan.FromTicks((long)(ceiling * (0.5 + (entropy.NextFraction() / 2))));
    }
}
