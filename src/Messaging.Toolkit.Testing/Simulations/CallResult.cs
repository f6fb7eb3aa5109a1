namespace Messaging.Toolkit.Testing;

/// <summary>How a call that a simulation's workload made in a node has ended, as its caller sees it.</summary>
public sealed class CallResult
{
    private CallResult(bool hasSucceeded, bool isUnknown, Exception? exception)
    {
        HasSucceeded = hasSucceeded;
        IsUnknown = isUnknown;
        Exception = exception;
    }

    /// <summary>It has returned.</summary>
    public bool HasSucceeded { get; }

    /// <summary>Whether its transaction has committed cannot be known: the node died, or the database failed.</summary>
    public bool IsUnknown { get; }

    /// <summary>What it threw, or null.</summary>
    public Exception? Exception { get; }

    internal static CallResult Succeeded { get; } = new(hasSucceeded: true, isUnknown: false, exception: null);

    internal static CallResult Crashed { get; } = new(hasSucceeded: false, isUnknown: true, exception: null);

    internal static CallResult Refused { get; } = new(hasSucceeded: false, isUnknown: false, exception: null);

    internal static CallResult Failed(Exception exception) => new(hasSucceeded: false, isUnknown: true, exception);
}
