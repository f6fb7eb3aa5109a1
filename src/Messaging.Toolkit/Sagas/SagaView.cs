using System.Globalization;
using System.Text;

namespace Messaging.Toolkit.Sagas;

/// <summary>An instance of a saga or process manager, for those who look at it.</summary>
public sealed record SagaView
{
    /// <summary>The id of the instance.</summary>
    public required Guid Id { get; init; }

    /// <summary>The registered name of its definition.</summary>
    public required string Definition { get; init; }

    /// <summary>The version of the definition that it was last run by.</summary>
    public required int Version { get; init; }

    /// <summary>The endpoint that runs it.</summary>
    public required string Endpoint { get; init; }

    /// <summary>What it is correlated by, as text.</summary>
    public required string Correlation { get; init; }

    /// <summary>How far it has come.</summary>
    public required SagaStatus Status { get; init; }

    /// <summary>Where it stands: the steps under way, with commas, or the state. Empty when it has finished.</summary>
    public required string Position { get; init; }

    /// <summary>Why it is compensated or stuck, or null.</summary>
    public string? Reason { get; init; }

    /// <summary>What kind of failure the reason is, or null.</summary>
    public SagaFailureKind? Failure { get; init; }

    /// <summary>When its next timeout falls due, in UTC; null if it has none.</summary>
    public DateTime? DueAt { get; init; }

    /// <summary>When it was created, in UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When something last happened to it, in UTC.</summary>
    public required DateTime ChangedAt { get; init; }

    /// <summary>The application's state, as JSON. It may be personal data.</summary>
    public required string State { get; init; }

    /// <summary>Without the state, which may be personal data: this is what gets into a log.</summary>
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Id = {Id}, Definition = {Definition}, Status = {Status}, Position = {Position}");
        return true;
    }
}
