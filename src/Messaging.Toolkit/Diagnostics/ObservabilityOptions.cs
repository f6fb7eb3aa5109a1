using Messaging.Toolkit.Configuration;

namespace Messaging.Toolkit.Diagnostics;

/// <summary>What is observed of messaging, and how: set with <see cref="MessagingBuilder.Observability"/>.</summary>
public sealed class ObservabilityOptions
{
    /// <summary>How many intervals old a measurement may be before it is not taken for the present any more.</summary>
    internal const int IntervalsUntilStale = 3;

    /// <summary>How long after somebody has asked the database is still measured: monitors may come every few minutes.</summary>
    internal static readonly TimeSpan WantedFor = TimeSpan.FromHours(1);

    /// <summary>
    /// Whether the span of a delivery begins a trace of its own that links to the span in which its message was made, and is not its child. Default false: one trace shows everything
    /// that has come of a request. Set it where so many messages come of one, or over so long a time, that one trace of them is of no use.
    /// </summary>
    public bool LinkDeliveries { get; set; }

    /// <summary>
    /// How often the database is asked for what metrics and health checks tell of it: one statement for each store. Nothing is asked while nobody
    /// listens to the metrics or asks for the health. Default 15 s; from 1 s to 10 min.
    /// </summary>
    public TimeSpan MeasureInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How far the rows of a table are counted: if there are more, this is what is reported. It bounds what the statement costs. Default 10,000; from 100 to 1,000,000.
    /// </summary>
    public int CountUpTo { get; set; } = 10_000;

    /// <summary>Older than this a measurement is not reported any more.</summary>
    internal TimeSpan StaleAfter => MeasureInterval * IntervalsUntilStale;

    internal IEnumerable<string> Validate()
    {
        if (MeasureInterval < TimeSpan.FromSeconds(1) || MeasureInterval > TimeSpan.FromMinutes(10))
        {
            yield return $"Observability.MeasureInterval is {MeasureInterval}: set it between 1 s and 10 min.";
        }

        if (CountUpTo is < 100 or > 1_000_000)
        {
            yield return $"Observability.CountUpTo is {CountUpTo}: set it between 100 and 1000000.";
        }
    }
}
