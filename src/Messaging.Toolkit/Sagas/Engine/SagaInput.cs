namespace Messaging.Toolkit.Sagas.Engine;

/// <summary>What can happen to an instance of a saga.</summary>
internal abstract record SagaInput
{
    private SagaInput() { }

    public sealed record Started : SagaInput;

    /// <summary>An attempt at a step has ended well.</summary>
    public sealed record Succeeded(string Step, int Attempt) : SagaInput;

    /// <summary>An attempt at a step has failed and has had no effect.</summary>
    public sealed record Failed(string Step, int Attempt, string Reason, SagaFailureKind Kind = SagaFailureKind.Refused) : SagaInput;

    /// <summary>An attempt to undo a step has ended well.</summary>
    public sealed record Undone(string Step, int Attempt) : SagaInput;

    /// <summary>An attempt to undo a step has failed.</summary>
    public sealed record UndoFailed(string Step, int Attempt, string Reason, SagaFailureKind Kind = SagaFailureKind.Refused) : SagaInput;

    /// <summary>It is that time, or later.</summary>
    public sealed record Due(DateTime Time) : SagaInput;

    /// <summary>An operator wants it to be undone.</summary>
    public sealed record Cancelled(string Reason) : SagaInput;

    /// <summary>An operator wants what was given up to be tried again.</summary>
    /// <param name="AlsoWhatRuns">Whether what is under way is asked for again too, by the same messages: one of them may be in the dead letters.</param>
    public sealed record Resumed(bool AlsoWhatRuns = false) : SagaInput;
}
