namespace Messaging.Toolkit.Scheduling;

/// <summary>How messages that are not due yet are looked after.</summary>
public sealed class SchedulingOptions
{
    /// <summary>
    /// How often is looked for messages that another process has scheduled. A message is at most that late if it was scheduled by another process, and less
    /// than that before it fell due; on PostgreSQL, where the relay's reads stand in for such a look, a twentieth more. Of those known for longer, and of this process's own, the time is known. Also the time after which a clock that
    /// was set is noticed. Default 1 s; from 10 ms to 1 hour.
    /// </summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How many messages move to the outbox in one transaction. Default 200; from 1 to 10,000.</summary>
    public int Batch { get; set; } = 200;

    internal IEnumerable<string> Validate()
    {
        if (PollInterval < TimeSpan.FromMilliseconds(10) || PollInterval > TimeSpan.FromHours(1))
        {
            yield return $"Scheduling.PollInterval is {PollInterval}: set it between 10 ms and 1 hour.";
        }

        if (Batch is < 1 or > 10_000)
        {
            yield return $"Scheduling.Batch is {Batch}: set it between 1 and 10000.";
        }
    }
}
