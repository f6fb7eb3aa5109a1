namespace Messaging.Toolkit.Inspection;

/// <summary>An endpoint, as it is configured.</summary>
public sealed record EndpointReport
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The store that its handlers' transactions are in.</summary>
    public required string Store { get; init; }

    /// <summary>The transports that it receives from.</summary>
    public required IReadOnlyList<string> Transports { get; init; }

    /// <summary>What it handles, and by which classes: the name of a message, and those of the classes.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Handlers { get; init; }

    /// <summary>How many transactions run at once.</summary>
    public required int Concurrency { get; init; }

    /// <summary>How many messages may share a transaction.</summary>
    public required int SharedCommits { get; init; }

    /// <summary>How many messages it holds at most.</summary>
    public required int Prefetch { get; init; }

    /// <summary>What is done when a handler fails, in words.</summary>
    public required string Failures { get; init; }

    /// <summary>What else holds it back or changes its turn, in words: circuit breaker, rate, urgent messages.</summary>
    public required IReadOnlyList<string> Limits { get; init; }
}
