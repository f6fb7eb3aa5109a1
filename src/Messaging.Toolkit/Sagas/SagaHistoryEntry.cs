namespace Messaging.Toolkit.Sagas;

/// <summary>Something that happened to an instance. Written in the transaction in which it happened, and never changed.</summary>
public sealed record SagaHistoryEntry
{
    /// <summary>The place in the instance's history, from 1 without a gap.</summary>
    public required int Sequence { get; init; }

    /// <summary>When, by the store's clock, in UTC.</summary>
    public required DateTime At { get; init; }

    /// <summary>What happened.</summary>
    public required SagaEvent Event { get; init; }

    /// <summary>The step of a saga, or the state of a process manager, that it happened to; null if it was the whole.</summary>
    public string? Step { get; init; }

    /// <summary>The message that was being handled, or null if there was none.</summary>
    public Guid? MessageId { get; init; }

    /// <summary>What kind of failure it was; null if it was none.</summary>
    public SagaFailureKind? Failure { get; init; }

    /// <summary>A sentence or a name that belongs to it: the reason of a failure, say. At most 500 characters; never a payload.</summary>
    public string? Detail { get; init; }
}
