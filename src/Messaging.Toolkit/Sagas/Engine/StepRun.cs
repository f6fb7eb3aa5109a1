namespace Messaging.Toolkit.Sagas.Engine;

/// <summary>A step that an instance has begun.</summary>
internal sealed record StepRun(string Step)
{
    public StepState State { get; init; }

    /// <summary>The name that it had when it was begun, if another version of the definition has renamed it since.</summary>
    public string? BegunAs { get; init; }

    /// <summary>The name that its requests are known by, here and by services: the same for good.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string RequestName => BegunAs ?? Step;

    /// <summary>Which attempt at it is the last one, from 1. Another attempt is made only when the last one is known to have had no effect.</summary>
    public int Attempt { get; init; }

    /// <summary>The same for its compensation.</summary>
    public int UndoAttempt { get; init; }

    /// <summary>How often it was tried or asked for again since an operator last looked at it.</summary>
    public int Tries { get; init; }

    /// <summary>When its time is over, or its pause.</summary>
    public DateTime? Due { get; init; }

    /// <summary>Why it is not tried again by itself.</summary>
    public string? GivenUp { get; init; }

    /// <summary>What kind of failure that is.</summary>
    public SagaFailureKind? Failure { get; init; }

    /// <summary>Whether something is still to come of it.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsOpen => State is StepState.Running or StepState.Waiting or StepState.Undoing or StepState.WaitingToUndo;
}
