using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Scheduling;

/// <summary>When a message is to leave, and the name under which that can be cancelled. Exactly one of the two times is given.</summary>
/// <param name="Delay">After which time, by the clock of the store that keeps it, counted from when it is written.</param>
/// <param name="At">At which time. One that has passed is now.</param>
/// <param name="Id">What it can be cancelled by, or null if it cannot be.</param>
public sealed record Schedule(TimeSpan? Delay, DateTimeOffset? At, string? Id)
{
    /// <summary>The longest delay: a thousand years.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromDays(365_250);

    /// <summary>The latest time. Databases have other ideas of what comes after it: to PostgreSQL's client the end of 9999 is infinity.</summary>
    public static readonly DateTimeOffset MaxTime = new(9999, 12, 31, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How long it takes from a time on until it is due; not negative.</summary>
    internal TimeSpan DueIn(DateTimeOffset now)
    {
        var due = Delay ?? At!.Value - now;
        return due > TimeSpan.Zero ? due : TimeSpan.Zero;
    }

    /// <summary>Says what is wrong with it, or null.</summary>
    internal string? Refuse()
    {
        if (Id is not null && RefuseId(Id) is { } reason)
        {
            return reason;
        }

        return (Delay, At) switch
        {
            (null, null) => "ScheduleId names when it leaves, and nothing says when that is: add After(...) or At(...)",
            (not null, not null) => "it has both After(...) and At(...): say one of them",
            ({ } delay, _) when delay == Timeout.InfiniteTimeSpan => $"After({delay}) means never: a message that is not to leave is not published",
            ({ } delay, _) when delay < TimeSpan.Zero => $"After({delay}) is negative: use zero for at once",
            ({ } delay, _) when delay > MaxDelay => $"After({delay}) is too long: the limit is {MaxDelay.TotalDays:0} days",
            (_, { } at) when at > MaxTime => $"At({at:O}) is too late: the limit is {MaxTime:O}",
            _ => null,
        };
    }

    /// <summary>Says what is wrong with the name of a schedule, or null.</summary>
    internal static string? RefuseId(string? id) => id switch
    {
        null or "" => "the ScheduleId is empty: leave it out for what is never cancelled",
        { Length: > MessageLimits.MaxNameLength } => $"the ScheduleId has {id.Length} characters, the limit is {MessageLimits.MaxNameLength}",
        _ when !UnicodeText.IsValid(id) || id.Any(char.IsControl) => "the ScheduleId is not valid Unicode, or contains a control character",
        _ => null,
    };

    /// <exception cref="MessagingException">It cannot be the name of a schedule.</exception>
    internal static void ThrowUnlessId(string? scheduleId)
    {
        if (RefuseId(scheduleId) is { } reason)
        {
            throw new MessagingException($"Nothing can be cancelled: {reason}.");
        }
    }
}
