namespace Messaging.Toolkit.Messages;

/// <summary>How long a message is of use.</summary>
internal static class Expiry
{
    /// <summary>More is meant to be for ever, which needs no saying.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <summary>Says what is wrong with a duration, or null.</summary>
    public static string? Refuse(TimeSpan lifetime)
        => lifetime > TimeSpan.Zero && lifetime <= Longest ? null : $"set it to more than zero and at most {Longest.Days} days, or leave it out for a message that does not expire";

    /// <summary>Says what is wrong with a time, or null. One that has just passed is no mistake of the caller's: it may be a deadline of somebody else.</summary>
    public static string? Refuse(DateTimeOffset expiresAt)
        => expiresAt > DateTimeOffset.UnixEpoch && expiresAt < DateTimeOffset.MaxValue ? null : "its ExpiresAt is not a time: leave it out for a message that does not expire";

    /// <summary>
    /// Whether nobody is to handle it any more. What somebody waits for does not expire: he would wait for ever.
    /// </summary>
    public static bool IsOver(MessageEnvelope envelope, DateTimeOffset now) => envelope.ExpiresAt <= now && envelope.InReplyTo is null;
}
