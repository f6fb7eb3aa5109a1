namespace Messaging.Toolkit.Sagas;

/// <summary>How an activity has ended.</summary>
public readonly record struct ActivityResult
{
    private ActivityResult(string? reason) => Reason = reason;

    /// <summary>It is done.</summary>
    public static ActivityResult Done => default;

    /// <summary>Why it cannot be done; null if it is.</summary>
    public string? Reason { get; }

    /// <summary>It cannot be done. What it has changed and sent is discarded.</summary>
    /// <param name="reason">Why, for people: it is stored, shown and logged, so no personal data.</param>
    public static ActivityResult Failed(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return new(reason);
    }
}
