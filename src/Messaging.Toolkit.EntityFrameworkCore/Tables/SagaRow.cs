using Messaging.Toolkit.Sagas;

namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>A saga or a process manager: one instance, as it stands after the last message that it has handled.</summary>
public sealed class SagaRow
{
    /// <summary>The id of the instance.</summary>
    public Guid Id { get; set; }

    /// <summary>The registered name of its definition.</summary>
    public required string Definition { get; set; }

    /// <summary>The endpoint that runs it.</summary>
    public required string Endpoint { get; set; }

    /// <summary>What it is correlated by, as text.</summary>
    public required string Correlation { get; set; }

    /// <summary>1 when it is created, and one more with each change: who writes another one than the next has read too early.</summary>
    public int Revision { get; set; }

    /// <summary>How many entries its history has.</summary>
    public int HistoryLength { get; set; }

    /// <summary>The version of the definition that it was last run by.</summary>
    public int Version { get; set; }

    /// <summary>A digest of that definition's steps or states.</summary>
    public required string Shape { get; set; }

    /// <summary>How far it has come; a column of text, with its name.</summary>
    public SagaStatus Status { get; set; }

    /// <summary>Where it stands: the steps under way, with commas, or the state. Empty when it has finished.</summary>
    public required string Position { get; set; }

    /// <summary>The application's state, as JSON.</summary>
    public required string State { get; set; }

    /// <summary>What the toolkit has to know of the steps and timeouts, as JSON.</summary>
    public required string Progress { get; set; }

    /// <summary>Why it is compensated or stuck, at most 500 characters, or null.</summary>
    public string? Reason { get; set; }

    /// <summary>What kind of failure the reason is, or null; a column of text, with its name.</summary>
    public SagaFailureKind? Failure { get; set; }

    /// <summary>When its next timeout falls due, by the database's clock, in UTC; null if it has none.</summary>
    public DateTime? DueAt { get; set; }

    /// <summary>When it was created, by the database's clock, in UTC.</summary>
    public DateTime CreatedAt { get; set; }

    /// <summary>When it was last changed, by the database's clock, in UTC.</summary>
    public DateTime ChangedAt { get; set; }
}
