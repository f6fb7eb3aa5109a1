namespace Messaging.Toolkit.Scheduling;

/// <summary>Who looks at a schedule, and can be spared a look by somebody who asks the database for something else. Thread-safe.</summary>
internal interface IScheduleWatcher
{
    /// <summary>Whether a look would spare it one.</summary>
    bool WantsLook { get; }

    /// <summary>Tells it of a look that somebody else has had.</summary>
    /// <param name="nextIn">How long it takes until the first message falls due, negative if it is due; null if there is none.</param>
    void OnLooked(TimeSpan? nextIn);
}
