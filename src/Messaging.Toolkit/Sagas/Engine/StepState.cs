namespace Messaging.Toolkit.Sagas.Engine;

/// <summary>How far a step of an instance has come. Stored by name.</summary>
internal enum StepState
{
    /// <summary>It was begun and has not answered.</summary>
    Running,

    /// <summary>It has failed, lies behind the pivot, and is begun again later.</summary>
    Waiting,

    /// <summary>It has ended well.</summary>
    Succeeded,

    /// <summary>It has had no effect.</summary>
    Failed,

    /// <summary>It did not answer in its time: whether it has an effect is not known.</summary>
    TimedOut,

    /// <summary>Its compensation was begun and has not answered.</summary>
    Undoing,

    /// <summary>Its compensation has failed and is begun again later.</summary>
    WaitingToUndo,

    /// <summary>It is undone.</summary>
    Undone,
}
