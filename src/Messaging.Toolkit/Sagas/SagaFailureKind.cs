namespace Messaging.Toolkit.Sagas;

/// <summary>What kind of failure a saga was compensated for, or is stuck by. Stored by name.</summary>
public enum SagaFailureKind
{
    /// <summary>A step has said no, by a reply or as an activity's result: the business has.</summary>
    Refused,

    /// <summary>Something did not end in its time.</summary>
    TimedOut,

    /// <summary>Something is broken: a handler or an activity has thrown as often as it was tried, or a message of it is in the dead letters.</summary>
    Broken,

    /// <summary>An operator has cancelled it.</summary>
    Cancelled,
}
