using Messaging.Toolkit.Endpoints;

namespace Messaging.Toolkit.Configuration;

/// <summary>How often and when a message is tried again: first at once, then after delays, for which it is stored and takes up no worker.</summary>
public sealed class LadderBuilder
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(365);

    private readonly List<TimeSpan> delays = [];
    private readonly List<string> errors = [];
    private int immediateRetries;

    internal LadderBuilder(int immediateRetries) => this.immediateRetries = immediateRetries;

    /// <summary>Tries again at once, each time with a new scope, DbContext and transaction.</summary>
    /// <param name="times">How often, after the first attempt. Default 3 for an endpoint, 0 for exceptions of one class; from 0 to 100.</param>
    public LadderBuilder RetryImmediately(int times)
    {
        immediateRetries = times;
        return this;
    }

    /// <summary>Then tries again after each of the delays, once. They are stored: a restart does not begin them anew.</summary>
    /// <param name="delays">Each longer than zero and at most a year, and up to a fifth longer than said, so that messages that failed together do not come back together.</param>
    public LadderBuilder ThenAfter(params TimeSpan[] delays)
    {
        ArgumentNullException.ThrowIfNull(delays);
        errors.AddRange(delays.Where(delay => delay <= TimeSpan.Zero || delay > LongestDelay).Select(delay => $"ThenAfter({delay}): a delay is longer than zero and at most a year."));
        this.delays.AddRange(delays);
        return this;
    }

    /// <summary>Then tries again after delays that double, as <see cref="ThenAfter"/> does.</summary>
    /// <param name="first">The first delay; longer than zero.</param>
    /// <param name="longest">None gets longer than this; at least <paramref name="first"/>, at most a year.</param>
    /// <param name="times">How many delays; from 1 to 100.</param>
    public LadderBuilder ThenBackOff(TimeSpan first, TimeSpan longest, int times)
    {
        if (first <= TimeSpan.Zero || longest < first || longest > LongestDelay || times is < 1 or > 100)
        {
            errors.Add($"ThenBackOff({first}, {longest}, {times}): the first delay is longer than zero, the longest not shorter than that and at most a year, and there are 1 to 100.");
            return this;
        }

        delays.AddRange(Enumerable.Range(0, times).Select(n => TimeSpan.FromTicks((long)Math.Min(first.Ticks * Math.Pow(2, Math.Min(n, 60)), longest.Ticks))));
        return this;
    }

    internal RetryLadder Build() => new(immediateRetries, [.. delays]);

    internal IEnumerable<string> Validate()
        => immediateRetries is < 0 or > 100 ? errors.Append($"RetryImmediately({immediateRetries}): set it between 0 and 100.") : errors;
}
