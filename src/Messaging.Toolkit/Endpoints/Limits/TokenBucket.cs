using System.Threading.RateLimiting;

namespace Messaging.Toolkit.Endpoints.Limits;

/// <summary>
/// So many permits in a time, evenly: after a pause all of them at once, then one whenever its share of the time has passed. Those of
/// System.Threading.RateLimiting go by the system's clock and timers of their own, which no simulation can move. Thread-safe.
/// </summary>
internal sealed class TokenBucket(int permits, TimeSpan per, TimeProvider time) : RateLimiter
{
    private static readonly Lease Acquired = new(isAcquired: true);
    private static readonly Lease Refused = new(isAcquired: false);

    private readonly Lock gate = new();
    private readonly long begun = time.GetTimestamp();

    /// <summary>
    /// When the bucket will be full, in ticks times permits: in this unit a permit is as much as <c>per</c> has ticks, and nothing is ever rounded.
    /// </summary>
    private Int128 fullAt;

    private long acquired;
    private long refused;

    public override TimeSpan? IdleDuration => null;

    private Int128 Now => (Int128)time.GetElapsedTime(begun).Ticks * permits;

    public override RateLimiterStatistics GetStatistics()
    {
        lock (gate)
        {
            var missing = Int128.Max(0, fullAt - Now);
            return new() { CurrentAvailablePermits = permits - (long)((missing + per.Ticks - 1) / per.Ticks), TotalSuccessfulLeases = acquired, TotalFailedLeases = refused };
        }
    }

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        lock (gate)
        {
            if (TryTake(permitCount) is null)
            {
                acquired++;
                return Acquired;
            }

            refused++;
            return Refused;
        }
    }

    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        if (permitCount > permits)
        {
            throw new ArgumentOutOfRangeException(nameof(permitCount), permitCount, $"There are never more than {permits} permits.");
        }

        while (true)
        {
            TimeSpan? wait;
            lock (gate)
            {
                wait = TryTake(permitCount);
                acquired += wait is null ? 1 : 0;
            }

            if (wait is null)
            {
                return Acquired;
            }

            await Task.Delay(wait.Value, time, cancellationToken);
        }
    }

    /// <summary>Takes permits, or says how long it takes until they are there: whole milliseconds, as a delay knows no others.</summary>
    private TimeSpan? TryTake(int count)
    {
        var now = Now;
        var full = Int128.Max(fullAt, now) + ((Int128)count * per.Ticks);
        var missing = full - now - ((Int128)permits * per.Ticks);
        if (missing <= 0)
        {
            fullAt = full;
            return null;
        }

        var ticks = (long)((missing + permits - 1) / permits);
        return TimeSpan.FromMilliseconds((ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond);
    }

    private sealed class Lease(bool isAcquired) : RateLimitLease
    {
        public override bool IsAcquired => isAcquired;

        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = null;
            return false;
        }
    }
}
