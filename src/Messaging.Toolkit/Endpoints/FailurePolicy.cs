namespace Messaging.Toolkit.Endpoints;

/// <summary>What an endpoint does when a handler fails.</summary>
/// <param name="Ladder">For exceptions that no rule is about.</param>
/// <param name="Rules">For others, in the order in which they were given.</param>
/// <param name="WhenDead">What becomes of the key of a message that is given up.</param>
/// <param name="MaxParkedPerKey">How many messages of a key may wait behind one that failed.</param>
internal sealed record FailurePolicy(RetryLadder Ladder, IReadOnlyList<FailureRule> Rules, KeyPolicy WhenDead, int MaxParkedPerKey)
{
    public static readonly FailurePolicy Default = new(RetryLadder.Default, [], KeyPolicy.SkipMessage, MaxParkedPerKey: 10_000);

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

    /// <summary>The fewest attempts that a message gets before it is given up because of its handlers.</summary>
    public int LeastAttempts => Rules.Select(rule => rule.Ladder).Append(Ladder).Min(ladder => 1 + ladder.ImmediateRetries + ladder.Delays.Count);

    /// <summary>
    /// What is done about an exception, as a <c>catch</c> would choose: the rule for the most derived class, and of several for the same class
    /// the first one whose condition holds.
    /// </summary>
    public FailureRule RuleFor(Exception exception)
    {
        for (var type = exception.GetType(); type is not null && Rules.Count > 0; type = type.BaseType)
        {
            if (Rules.FirstOrDefault(rule => rule.ExceptionType == type && rule.Matches(exception)) is { } rule)
            {
                return rule;
            }
        }

        return new FailureRule(typeof(Exception), When: null, FailureAction.Retry, Ladder);
    }
}

/// <summary>What is done about exceptions of one class.</summary>
/// <param name="ExceptionType">The class, and those derived from it unless they have rules of their own.</param>
/// <param name="When">Which of them, or null for all.</param>
/// <param name="Action">What is done.</param>
/// <param name="Ladder">How it is tried again, if it is.</param>
internal sealed record FailureRule(Type ExceptionType, Func<Exception, bool>? When, FailureAction Action, RetryLadder Ladder)
{
    /// <summary>A condition that fails itself does not hold.</summary>
    public bool Matches(Exception exception)
    {
        try
        {
            return When?.Invoke(exception) ?? true;
        }
        catch (Exception)
        {
            return false;
        }
    }
}

/// <summary>What is done about a failure.</summary>
internal enum FailureAction
{
    /// <summary>It is tried again by the ladder, and given up at its end.</summary>
    Retry,

    /// <summary>The message counts as handled, without any effect.</summary>
    Ignore,

    /// <summary>It is given up without a further attempt.</summary>
    DeadLetterAtOnce,
}
