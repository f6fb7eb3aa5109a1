using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Scheduling.Cron;

namespace Messaging.Toolkit.Scheduling;

/// <summary>What can be said of a recurring schedule.</summary>
public sealed class RecurringBuilder
{
    /// <summary>How long an expression and its time zone are at most, as they are stored.</summary>
    internal const int MaxStoredLength = 300;

    private const int MaxZoneLength = 90;

    private readonly string name;
    private readonly string expression;
    private readonly Func<DateTimeOffset, object> create;
    private TimeZoneInfo zone = TimeZoneInfo.Utc;

    internal RecurringBuilder(string name, string expression, Type messageType, Func<DateTimeOffset, object> create)
    {
        this.name = name;
        this.expression = expression;
        this.create = create;
        MessageType = messageType;
    }

    internal string Name => name;

    internal Type MessageType { get; }

    internal string? Store { get; private set; }

    /// <summary>
    /// The time zone of the expression. Default UTC. A time that the clocks skip in spring fires at the moment in which they skip it, one that they
    /// show twice in autumn fires the first time.
    /// </summary>
    public RecurringBuilder In(TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        this.zone = zone;
        return this;
    }

    /// <summary>Which store keeps it, and sends its messages. Needed where there are several. For stores, which call it from a method of their own.</summary>
    /// <param name="store">Its name.</param>
    public RecurringBuilder UseStore(string store)
    {
        Store = store;
        return this;
    }

    /// <summary>What is wrong with it, a sentence each.</summary>
    internal IEnumerable<string> Validate(ICollection<string> stores)
    {
        if (Names.Refuse(name) is { } reason)
        {
            yield return $"The recurring schedule {Names.Show(name)} cannot have that name: {reason}.";
        }

        CronExpression.Parse(expression, out var errors);
        if (errors.Count > 0)
        {
            yield return $"The cron expression {Names.Show(expression)} of the recurring schedule {Names.Show(name)} cannot be used: {string.Join("; ", errors)}.";
        }

        if (zone.Id.Length > MaxZoneLength)
        {
            yield return $"The time zone of the recurring schedule {Names.Show(name)} has an id of {zone.Id.Length} characters, the limit is {MaxZoneLength}.";
        }

        if (Store is not null && !stores.Contains(Store))
        {
            yield return $"The recurring schedule {Names.Show(name)} uses the store {Names.Show(Store)}, which is not registered: add .UseEntityFrameworkCore<...>() for it.";
        }
        else if (Store is null && stores.Count > 1)
        {
            yield return $"The recurring schedule {Names.Show(name)} does not say which of the {stores.Count} stores keeps it: add .UseDbContext<...>() to it.";
        }
    }

    internal RecurringDefinition Build()
        => new(name, $"{expression} {zone.Id}", new CronSchedule(CronExpression.Parse(expression, out _)!, zone), create, Store);
}
