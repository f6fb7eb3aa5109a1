namespace Messaging.Toolkit.Scheduling;

/// <summary>A schedule that can be looked at in the round trip of something else.</summary>
internal interface IWatchedSchedule
{
    /// <summary>Who is to be told of such a look; null for nobody.</summary>
    IScheduleWatcher? Watcher { set; }
}
