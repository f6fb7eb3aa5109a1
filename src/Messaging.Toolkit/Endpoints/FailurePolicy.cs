namespace Messaging.Toolkit.Endpoints;

/// <summary>What an endpoint does when a handler fails.</summary>
/// <param name="ImmediateRetries">Further attempts, each in a new scope and transaction, before the message goes to the dead letters.</param>
internal sealed record FailurePolicy(int ImmediateRetries)
{
    public static readonly FailurePolicy Default = new(ImmediateRetries: 3);

    /// <summary>
    /// Failures of the store itself (a lost connection, a deadlock) are no fault of the message: they are waited out, so
    /// often that an outage of an hour ends no message, and not for ever.
    /// </summary>
    public const int StoreRetries = 300;

    /// <summary>
    /// Fewer, if it fails in the middle of a handler: if it is away, the next attempt does not get that far. What gets there
    /// again and again is the handler's own query that takes too long, or another database of its own.
    /// </summary>
    public const int StoreRetriesInHandler = 10;

    public static readonly TimeSpan FirstStorePause = TimeSpan.FromMilliseconds(50);
    public static readonly TimeSpan LongestStorePause = TimeSpan.FromSeconds(15);
}
