namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>How far a recurring schedule has come. Whoever moves it on to a tick sends the message of that tick.</summary>
public sealed class RecurringRow
{
    /// <summary>The schedule's name.</summary>
    public required string Name { get; set; }

    /// <summary>The cron expression and the time zone of whoever has begun it last.</summary>
    public required string Expression { get; set; }

    /// <summary>The last tick that has fired, or the time since when it counts, in UTC.</summary>
    public DateTime LastTick { get; set; }
}
