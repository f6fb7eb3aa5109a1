namespace Messaging.Toolkit.Sagas;

/// <summary>What the history of an instance tells. Stored by name.</summary>
public enum SagaEvent
{
    /// <summary>The instance was created.</summary>
    Started,

    /// <summary>A step has begun: its command is on its way, or its activity is about to run.</summary>
    StepStarted,

    /// <summary>A step has ended well.</summary>
    StepSucceeded,

    /// <summary>A step has failed.</summary>
    StepFailed,

    /// <summary>A step did not end in its time. What became of it is not known.</summary>
    StepTimedOut,

    /// <summary>A step, or a compensation, is to be tried again.</summary>
    StepRetried,

    /// <summary>A step that had timed out has ended after all.</summary>
    StepEndedLate,

    /// <summary>The whole did not end in its time.</summary>
    TimedOut,

    /// <summary>A step is being undone.</summary>
    CompensationStarted,

    /// <summary>A step is undone.</summary>
    CompensationSucceeded,

    /// <summary>An attempt to undo a step has failed.</summary>
    CompensationFailed,

    /// <summary>A process manager has handled an event.</summary>
    EventHandled,

    /// <summary>An event came that had to wait for the instance to begin, or that was ignored.</summary>
    EventSetAside,

    /// <summary>A process manager has come to another state.</summary>
    StateEntered,

    /// <summary>A timeout was set.</summary>
    TimeoutScheduled,

    /// <summary>A timeout was taken back.</summary>
    TimeoutCancelled,

    /// <summary>The instance cannot go on by itself.</summary>
    Stuck,

    /// <summary>An operator let it go on.</summary>
    Resumed,

    /// <summary>An operator has cancelled it: what it had done is being undone.</summary>
    Cancelled,

    /// <summary>An operator wanted to cancel it, and it was too late for that.</summary>
    CancelRefused,

    /// <summary>It was moved to another version of its definition.</summary>
    Upgraded,

    /// <summary>It has finished, with everything done.</summary>
    Completed,

    /// <summary>It has finished, with everything undone.</summary>
    Compensated,
}
