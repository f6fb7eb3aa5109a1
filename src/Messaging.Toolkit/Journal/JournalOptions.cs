namespace Messaging.Toolkit.Journal;

/// <summary>How long the journal remembers.</summary>
public sealed class JournalOptions
{
    /// <summary>How long an entry is kept. Default 7 days; from 1 minute to 10 years. Deleted by the store's clock, in the rounds of the inbox's clean-up.</summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How many entries of one conversation are read at most. Default 1,000; from 1 to 100,000.</summary>
    public int MaxEntries { get; set; } = 1000;

    internal IEnumerable<string> Validate()
    {
        if (Retention < TimeSpan.FromMinutes(1) || Retention > TimeSpan.FromDays(3650))
        {
            yield return $"Journal.Retention is {Retention}: set it between 1 min and 10 years.";
        }

        if (MaxEntries is < 1 or > 100_000)
        {
            yield return $"Journal.MaxEntries is {MaxEntries}: set it between 1 and 100000.";
        }
    }
}
