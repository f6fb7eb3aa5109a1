using Messaging.Toolkit.Runtime;

namespace Messaging.Toolkit.Endpoints;

/// <summary>How often and when a message is tried again whose handler has failed.</summary>
/// <param name="ImmediateRetries">Further attempts at once, each in a new scope and transaction.</param>
/// <param name="Delays">Then one attempt after each of these, for which the message is parked.</param>
internal sealed record RetryLadder(int ImmediateRetries, IReadOnlyList<TimeSpan> Delays)
{
    /// <summary>Delays are longer than said by up to this share, so that messages which failed together do not come back together.</summary>
    public const double Jitter = 0.2;

    public static readonly RetryLadder Default = new(ImmediateRetries: 3, Delays: []);

    /// <summary>The longest that all delays can take together.</summary>
    public TimeSpan Length => TimeSpan.FromTicks((long)Math.Min(Delays.Sum(static delay => delay.Ticks * (1 + Jitter)), TimeSpan.MaxValue.Ticks / 2));

    /// <summary>The next delay after that many are used up, or null at the end of the ladder.</summary>
    public TimeSpan? DelayAfter(int used, EntropySource entropy)
        => used < Delays.Count ? Delays[used] * (1 + (Jitter * entropy.NextFraction())) : null;
}
