using System.Text.Json.Serialization;

namespace Messaging.Toolkit.Sagas.Engine;

/// <summary>How far an instance of a saga has come: all that the engine knows of it. Immutable.</summary>
internal sealed record SagaProgress
{
    public static readonly SagaProgress None = new();

    /// <summary>Never <see cref="SagaStatus.Stuck"/>: whether it is shows in the steps.</summary>
    public SagaStatus Status { get; init; }

    /// <summary>From here on there is only forwards.</summary>
    public bool IsPastPivot { get; init; }

    /// <summary>The first thing that went wrong.</summary>
    public string? Reason { get; init; }

    /// <summary>What kind of failure that was.</summary>
    public SagaFailureKind? Failure { get; init; }

    /// <summary>When the time of the whole is over.</summary>
    public DateTime? Deadline { get; init; }

    /// <summary>The steps begun, in the order in which they were.</summary>
    public IReadOnlyList<StepRun> Steps { get; init; } = [];

    /// <summary>The steps that have an effect to be undone, in the order in which they ended.</summary>
    public IReadOnlyList<string> Effects { get; init; } = [];

    [JsonIgnore]
    public bool IsFinished => Status is SagaStatus.Completed or SagaStatus.Compensated;

    /// <summary>Why it cannot go on by itself, or null if it can.</summary>
    [JsonIgnore]
    public string? Trouble => Steps.FirstOrDefault(run => run.GivenUp is not null)?.GivenUp;

    /// <summary>What kind of failure that is.</summary>
    [JsonIgnore]
    public SagaFailureKind? TroubleKind => Steps.FirstOrDefault(run => run.GivenUp is not null)?.Failure;

    /// <summary>When there is something to do although nothing comes.</summary>
    [JsonIgnore]
    public DateTime? DueAt => Steps.Select(run => run.Due).Append(Deadline).Min();

    /// <summary>The steps of which something is still to come.</summary>
    [JsonIgnore]
    public string Position => string.Join(", ", Steps.Where(run => run.IsOpen).Select(run => run.Step));

    public StepRun? Find(string step) => Steps.FirstOrDefault(run => run.Step == step);
}
