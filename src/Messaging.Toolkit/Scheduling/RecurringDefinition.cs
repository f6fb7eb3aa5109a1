using Messaging.Toolkit.Scheduling.Cron;

namespace Messaging.Toolkit.Scheduling;

/// <summary>A recurring schedule as it was configured, checked and final.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Expression">Expression and time zone, as they are stored.</param>
/// <param name="Ticks">When it fires.</param>
/// <param name="Create">Makes the message of a tick.</param>
/// <param name="Store">The store that keeps it; null for the only one.</param>
internal sealed record RecurringDefinition(string Name, string Expression, CronSchedule Ticks, Func<DateTimeOffset, object> Create, string? Store);
