namespace Messaging.Toolkit.Sagas;

/// <summary>How far a saga or a process manager has come. Stored by name.</summary>
public enum SagaStatus
{
    /// <summary>It goes forwards, or waits for something to go on.</summary>
    Running,

    /// <summary>It has failed, and what it had done is being undone.</summary>
    Compensating,

    /// <summary>It cannot go on by itself: the reason says why. It can be resumed.</summary>
    Stuck,

    /// <summary>It has finished, with everything done.</summary>
    Completed,

    /// <summary>It has finished, with everything undone.</summary>
    Compensated,
}
