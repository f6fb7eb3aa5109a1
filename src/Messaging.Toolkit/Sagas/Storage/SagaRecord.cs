using System.Globalization;
using System.Text;

namespace Messaging.Toolkit.Sagas.Storage;

/// <summary>An instance as it is stored: a row.</summary>
public sealed record SagaRecord
{
    /// <summary>The id of the instance.</summary>
    public required Guid Id { get; init; }

    /// <summary>The registered name of its definition.</summary>
    public required string Definition { get; init; }

    /// <summary>The endpoint that runs it.</summary>
    public required string Endpoint { get; init; }

    /// <summary>What it is correlated by, as text: the id of a saga, the value of an event's property for a process manager.</summary>
    public required string Correlation { get; init; }

    /// <summary>1 when it is created, and one more with each change.</summary>
    public required int Revision { get; init; }

    /// <summary>How many entries its history has.</summary>
    public required int HistoryLength { get; init; }

    /// <summary>The version of the definition that it was last run by.</summary>
    public required int Version { get; init; }

    /// <summary>A digest of that definition's steps or states: different if they are.</summary>
    public required string Shape { get; init; }

    /// <summary>How far it has come.</summary>
    public required SagaStatus Status { get; init; }

    /// <summary>Where it stands: the steps under way, with commas, or the state. Empty when it has finished.</summary>
    public required string Position { get; init; }

    /// <summary>The application's state, as JSON.</summary>
    public required string State { get; init; }

    /// <summary>What the toolkit has to know of the steps and timeouts, as JSON.</summary>
    public required string Progress { get; init; }

    /// <summary>Why it is compensated or stuck, or null.</summary>
    public string? Reason { get; init; }

    /// <summary>What kind of failure the reason is, or null.</summary>
    public SagaFailureKind? Failure { get; init; }

    /// <summary>When its next timeout falls due, by the store's clock, in UTC; null if it has none.</summary>
    public DateTime? DueAt { get; init; }

    /// <summary>When it was created, by the store's clock, in UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it was last changed, by the store's clock, in UTC.</summary>
    public required DateTime ChangedAt { get; init; }

    /// <summary>Without the state, which may be personal data: this is what gets into a log.</summary>
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Id = {Id}, Definition = {Definition}, Status = {Status}, Position = {Position}");
        return true;
    }
}
