using System.Globalization;
using System.Threading.RateLimiting;
using Messaging.Toolkit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Endpoints.Limits;

/// <summary>
/// Decides whether an endpoint may go on with its next message: its circuit must not be open, and its rate limiter must have a permit. Whoever is
/// refused waits in the queue, unsettled, without a worker and without a transaction. Not thread-safe but for <see cref="WaitAsync"/> and <see cref="Release"/>.
/// </summary>
internal sealed class Throttle
{
    /// <summary>How long to wait for a limiter that does not say it, or that throws.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan LongPause = TimeSpan.FromSeconds(5);

    private readonly string endpoint;
    private readonly CircuitBreakerPolicy? policy;
    private readonly CircuitBreaker? breaker;
    private readonly RateLimiter? limiter;
    private readonly TimeProvider time;
    private readonly MessagingMetrics metrics;
    private readonly ILogger logger;
    private readonly WorkState? state;
    private RateLimitLease? held;
    private DateTimeOffset? openSince;

    public Throttle(EndpointDefinition endpoint, RateLimiter? limiter, TimeProvider time, MessagingMetrics metrics, ILogger logger, WorkState? state)
    {
        this.endpoint = endpoint.Name;
        this.limiter = limiter;
        this.time = time;
        this.metrics = metrics;
        this.logger = logger;
        this.state = state;
        policy = endpoint.CircuitBreaker;
        breaker = policy is null ? null : new CircuitBreaker(policy, time, Note);
        state?.Works();
    }

    /// <summary>More was there, and must wait for something that nobody at this endpoint brings about: see <see cref="WaitAsync"/>.</summary>
    public bool MustWait { get; private set; }

    /// <summary>Takes what may be given to its handlers now, at most so many, of at most so many lines.</summary>
    public List<Work> Take(KeyedQueue<Work> queue, int most, int mostLines = int.MaxValue)
    {
        MustWait = false;
        return queue.Take(most, Admits, mostLines);
    }

    /// <summary>Tells the circuit how the attempt at a message went that was let through.</summary>
    public void Leave(Work work)
    {
        if (work.Passage.Ticket is { } ticket)
        {
            breaker!.Leave(ticket, work.Failure is { } failure ? !policy!.Counts(failure) : work.IsHandled ? true : null);
        }
    }

    /// <summary>Gives the permits of a group back. For limiters that bound how many there are at once.</summary>
    public static void Release(List<Work> group) => group.ForEach(work => work.Passage.Permit?.Dispose());

    /// <summary>Waits until it is worth asking again. Throws nothing but that it was cancelled.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        if (breaker?.Wait is { } closed)
        {
            await DelayAsync(closed, cancellationToken);
        }
        else if (limiter is not null)
        {
            metrics.WaitedForPermit(endpoint);
            await WaitForPermitAsync(limiter, cancellationToken);
        }
    }

    /// <summary>A permit that was waited for and that nobody needed goes back: others may wait for it.</summary>
    public void ReturnUnused()
    {
        held?.Dispose();
        held = null;
    }

    /// <summary>If it may go on, the message is let through with what it must give back.</summary>
    private bool Admits(Work work)
    {
        int? ticket = null;
        if (breaker is not null)
        {
            ticket = breaker.TryEnter();
            if (ticket is null)
            {
                MustWait = breaker.Wait is not null;
                return false;
            }
        }

        var permit = limiter is null ? null : TakePermit();
        if (limiter is not null && permit is null)
        {
            MustWait = true;
            if (ticket is { } unused)
            {
                breaker!.Leave(unused, success: null);
            }

            return false;
        }

        work.Passage = new Passage(ticket, permit);
        (work.Failure, work.IsHandled) = (null, false);
        return true;
    }

    private RateLimitLease? TakePermit()
    {
        if (held is not null)
        {
            var permit = held;
            held = null;
            return permit;
        }

        try
        {
            var lease = limiter!.AttemptAcquire();
            if (lease.IsAcquired)
            {
                return lease;
            }

            lease.Dispose();
            return null;
        }
        catch (Exception exception)
        {
            // Without a limit nobody may go on: the endpoint stands still until the limiter works.
            logger.RateLimiterFailed(endpoint, exception);
            return null;
        }
    }

    private async Task WaitForPermitAsync(RateLimiter limiter, CancellationToken cancellationToken)
    {
        var pause = LongPause;
        try
        {
            var lease = await limiter.AcquireAsync(1, cancellationToken);
            if (lease.IsAcquired)
            {
                held = lease;
                return;
            }

            pause = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) && after > TimeSpan.Zero && after < LongPause ? after : Pause;
            lease.Dispose();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.RateLimiterFailed(endpoint, exception);
        }

        cancellationToken.ThrowIfCancellationRequested();
        await DelayAsync(pause, cancellationToken);
    }

    /// <summary>In whole milliseconds, upwards: what is cut off would have to be waited for again and again.</summary>
    private Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken)
        => Task.Delay(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(delay.TotalMilliseconds))), time, cancellationToken);

    private void Note(CircuitState circuit)
    {
        switch (circuit)
        {
            case CircuitState.Open:
                var (successes, failures) = breaker!.Counts;
                metrics.CircuitOpened(endpoint, isAgain: openSince is not null);
                logger.CircuitOpened(endpoint, failures, successes + failures, policy!.BreakDuration);
                openSince ??= time.GetUtcNow();
                state?.Degrades(string.Create(CultureInfo.InvariantCulture, $"Its handlers have failed too often: since {openSince:u} its circuit is open, and it handles nothing but a message now and then to see how it goes."));
                break;
            case CircuitState.HalfOpen:
                logger.CircuitHalfOpen(endpoint);
                break;
            case CircuitState.Closed:
                metrics.CircuitClosed(endpoint);
                logger.CircuitClosed(endpoint, openSince);
                openSince = null;
                state?.Works();
                break;
            default:
                throw new InvalidOperationException($"Unknown state {circuit}.");
        }
    }
}
