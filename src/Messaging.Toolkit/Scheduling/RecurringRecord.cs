namespace Messaging.Toolkit.Scheduling;

/// <summary>A recurring schedule as it is stored.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Expression">Its cron expression and its time zone, as text.</param>
/// <param name="LastTick">When it fired last, or since when it counts, in UTC. Whole seconds.</param>
public sealed record RecurringRecord(string Name, string Expression, DateTime LastTick);

/// <summary>Recurring schedules, and the time at which they were read.</summary>
/// <param name="Records">Those that are stored.</param>
/// <param name="Now">The store's clock, in UTC.</param>
public sealed record RecurringReading(IReadOnlyList<RecurringRecord> Records, DateTime Now);
