namespace Messaging.Toolkit.Sagas;

/// <summary>What becomes of an event whose instance has not begun, and which cannot begin one.</summary>
public enum MissingInstance
{
    /// <summary>It goes to the dead letters at once: nothing is lost, and somebody sees it.</summary>
    Fail,

    /// <summary>It is dropped: for streams of events of which the process manager wants only those of its own instances.</summary>
    Ignore,

    /// <summary>It waits in the instance's row, and is handled as soon as another event has begun the instance: at most 100 of them for each, and as many bytes and as long as <see cref="SagaOptions"/> says. Then it goes to the dead letters.</summary>
    Park,
}
