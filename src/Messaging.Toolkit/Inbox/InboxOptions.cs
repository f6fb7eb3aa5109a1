namespace Messaging.Toolkit.Inbox;

/// <summary>How long handled messages are remembered.</summary>
public sealed class InboxOptions
{
    /// <summary>
    /// The deduplication window: a copy of a message that arrives later than this is handled again. Default 7 days; from
    /// 1 hour, and longer than any ladder of retries.
    /// </summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often expired claims are deleted. Default 1 min; from 1 s to 1 day.</summary>
    public TimeSpan CleanupInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How many claims one statement deletes. Default 1,000; from 1 to 100,000.</summary>
    public int CleanupBatch { get; set; } = 1000;

    internal IEnumerable<string> Validate()
    {
        if (Retention < TimeSpan.FromHours(1) || Retention > TimeSpan.FromDays(3650))
        {
            yield return $"Inbox.Retention is {Retention}: set it between 1 hour (longer than any redelivery or retry takes) and 10 years.";
        }

        if (CleanupInterval < TimeSpan.FromSeconds(1) || CleanupInterval > TimeSpan.FromDays(1))
        {
            yield return $"Inbox.CleanupInterval is {CleanupInterval}: set it between 1 s and 1 day.";
        }

        if (CleanupBatch is < 1 or > 100_000)
        {
            yield return $"Inbox.CleanupBatch is {CleanupBatch}: set it between 1 and 100000.";
        }
    }
}
