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

    /// <summary>Created before this time: with that of the last one of a page, the next page.</summary>
    public DateTime? CreatedBefore { get; init; }

    /// <summary>How many at most. Default 100; from 1 to 1,000.</summary>
    public int Limit { get; init; } = 100;
}
