using Messaging.Toolkit.Sagas;

namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>Something that happened to an instance: written in the transaction in which it happened, and never changed.</summary>
public sealed class SagaHistoryRow
{
    /// <summary>The instance.</summary>
    public Guid SagaId { get; set; }

    /// <summary>The place in the instance's history, from 1.</summary>
    public int Sequence { get; set; }

    /// <summary>When, by the database's clock, in UTC.</summary>
    public DateTime At { get; set; }

    /// <summary>What happened; a column of text, with its name.</summary>
    public SagaEvent Event { get; set; }

    /// <summary>The step or the state that it happened to, or null if it was the whole.</summary>
    public string? Step { get; set; }

    /// <summary>The message that was being handled, or null.</summary>
    public Guid? MessageId { get; set; }

    /// <summary>What kind of failure it was, or null; a column of text, with its name.</summary>
    public SagaFailureKind? Failure { get; set; }

    /// <summary>A sentence or a name that belongs to it, at most 500 characters, or null; never a payload.</summary>
    public string? Detail { get; set; }
}
