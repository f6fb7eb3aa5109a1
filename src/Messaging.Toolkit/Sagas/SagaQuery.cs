namespace Messaging.Toolkit.Sagas;

/// <summary>Which instances to return, newest first. What is null is not asked for.</summary>
public sealed record SagaQuery
{
    /// <summary>The name of the definition.</summary>
    public string? Definition { get; init; }

    /// <summary>How far they have come.</summary>
    public SagaStatus? Status { get; init; }

    /// <summary>The text of their correlation, whole.</summary>
    public string? Correlation { get; init; }

    /// <summary>Created at this time or later.</summary>
    public DateTime? CreatedFrom { get; init; }

    /// <summary>Created before this time.</summary>
    public DateTime? CreatedBefore { get; init; }

    /// <summary>
    /// The last instance of the page before: the next page begins behind it, and leaves out none and repeats none of those that were created at the same moment. Default: the first page.
    /// </summary>
    public SagaView? After { get; init; }

    /// <summary>How many at most. Default 100; from 1 to 1,000.</summary>
    public int Limit { get; init; } = 100;
}
