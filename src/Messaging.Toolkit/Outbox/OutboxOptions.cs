namespace Messaging.Toolkit.Outbox;

/// <summary>How the relay of a process works.</summary>
public sealed class OutboxOptions
{
    /// <summary>The number of buckets that keys are spread over and processes share. Part of the stored format.</summary>
    public const int Buckets = 64;

    /// <summary>Whether this process relays and runs its endpoints at all. Default true. One that only publishes leaves both to others.</summary>
    public bool RelayHere { get; set; } = true;

    /// <summary>How many messages per destination may be under way at once. Default 2,000; from 1 to 10,000.</summary>
    public int Window { get; set; } = 2000;

    /// <summary>
    /// How many bytes of bodies per destination may be under way at once; one message more may be. Default 16 MiB; from 1 KiB to 1 GiB.
    /// </summary>
    public int WindowBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// The shortest time between two looks for messages that other processes committed; a commit of this process wakes
    /// the relay at once. Default 50 ms; from 1 ms.
    /// </summary>
    public TimeSpan MinPollInterval { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// The time that the interval grows to while nothing is found. Parked messages that other processes have left are looked for after five times that, but
    /// after 5 s at the latest, unless this is longer. Default 1 s; not less than <see cref="MinPollInterval"/>.
    /// </summary>
    public TimeSpan MaxPollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a process that died keeps its share of the outbox from the others. Renewed three times within it.
    /// Default 10 s; from 1 s to 10 min, and longer than <see cref="MaxPollInterval"/>.
    /// </summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest pause after failures of the database or the destination. Default 15 s; from 100 ms to 10 min.</summary>
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>For how long the rows of what was confirmed are gathered at most, so that one statement deletes many. Nobody waits for it but who stops.</summary>
    internal TimeSpan Gathering { get; set; } = TimeSpan.FromMilliseconds(50);

    internal TimeSpan HeartbeatInterval => LeaseDuration / 3;

    internal IEnumerable<string> Validate()
    {
        if (Window is < 1 or > 10_000)
        {
            yield return $"Outbox.Window is {Window}: set it between 1 and 10000.";
        }

        if (WindowBytes is < 1024 or > 1024 * 1024 * 1024)
        {
            yield return $"Outbox.WindowBytes is {WindowBytes}: set it between 1024 (1 KiB) and {1024 * 1024 * 1024} (1 GiB).";
        }

        if (MinPollInterval < TimeSpan.FromMilliseconds(1) || MinPollInterval > TimeSpan.FromMinutes(1))
        {
            yield return $"Outbox.MinPollInterval is {MinPollInterval}: set it between 1 ms and 1 min.";
        }

        if (MaxPollInterval < MinPollInterval || MaxPollInterval > TimeSpan.FromMinutes(1))
        {
            yield return $"Outbox.MaxPollInterval is {MaxPollInterval}: set it between MinPollInterval ({MinPollInterval}) and 1 min.";
        }

        if (LeaseDuration < TimeSpan.FromSeconds(1) || LeaseDuration > TimeSpan.FromMinutes(10))
        {
            yield return $"Outbox.LeaseDuration is {LeaseDuration}: set it between 1 s and 10 min.";
        }
        else if (LeaseDuration <= MaxPollInterval)
        {
            yield return $"Outbox.LeaseDuration ({LeaseDuration}) must be longer than Outbox.MaxPollInterval ({MaxPollInterval}): lengthen the lease or poll more often.";
        }

        if (MaxBackoff < TimeSpan.FromMilliseconds(100) || MaxBackoff > TimeSpan.FromMinutes(10))
        {
            yield return $"Outbox.MaxBackoff is {MaxBackoff}: set it between 100 ms and 10 min.";
        }
    }
}
