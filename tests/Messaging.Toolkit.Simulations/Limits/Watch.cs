namespace Messaging.Toolkit.Simulations.Limits;

/// <summary>What the handlers of one node depend on, which sees whether they are held back as they should be.</summary>
internal sealed class Watch(TimeProvider time)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly List<(DateTimeOffset At, bool Success, bool IsRetried)> calls = [];
    private readonly List<DateTimeOffset> reports = [];

    /// <summary>There was more than there may be.</summary>
    public bool IsBeyondLimit { get; private set; }

    /// <summary>Is away from the second to the fifth of every ten seconds.</summary>
    /// <param name="attempt">Which attempt it is at the message that it is called for.</param>
    public void CallDownstream(int attempt)
    {
        var now = time.GetUtcNow();
        var isAway = now.TimeOfDay.TotalSeconds % 10 is >= 2 and < 5;
        calls.Add((now, !isAway, attempt > 1));
        if (!isAway)
        {
            return;
        }

        // Those failures since the last success that no pause lies between: so many as it takes to open the circuit, and those under way then. Of those that count the
        // watch sees the retried ones. One that makes its group fail does not count, as nobody knows whose failure it was; for a retried one that is possible once, and it
        // has failed alone before, which counted. First attempts may be as many as there are groups, and those are no more than a burst brings.
        var last = calls.FindLastIndex(call => call.Success);
        var failures = calls.Skip(last + 1).Where(call => call.At > now - LimitedApplication.Break).ToList();
        var successes = calls.Count(call => call.Success && call.At > now - LimitedApplication.Window - Second);
        var bound = Math.Max(LimitedApplication.MinimumThroughput, successes) + LimitedApplication.Concurrency;
        IsBeyondLimit |= failures.Count(call => call.IsRetried) > bound || failures.Count > (2 * bound) + LimitedWorkload.BurstSize;
        throw new InvalidOperationException("The other side is away.");
    }

    /// <summary>In a second there are those that the second brings, as many saved up, and those that were let through before it and came late.</summary>
    public void Report()
    {
        var now = time.GetUtcNow();
        reports.Add(now);
        IsBeyondLimit |= reports.Count(at => at > now - Second) > (2 * LimitedApplication.ReportsPerSecond) + LimitedApplication.Concurrency;
    }
}
