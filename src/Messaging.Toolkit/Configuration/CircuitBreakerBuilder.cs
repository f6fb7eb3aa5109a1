using Messaging.Toolkit.Endpoints.Limits;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Configuration;

/// <summary>When an endpoint stops because its handlers fail, and how it finds out that it can go on. See <see cref="EndpointBuilder.CircuitBreaker"/>.</summary>
public sealed class CircuitBreakerBuilder
{
    private readonly List<Func<Exception, bool>> counted = [];
    private double failureRatio = 0.5;
    private TimeSpan window = TimeSpan.FromSeconds(30);
    private int minimumThroughput = 20;
    private TimeSpan breakDuration = TimeSpan.FromSeconds(15);
    private int probes = 3;

    internal CircuitBreakerBuilder() { }

    /// <summary>The part of the attempts that must have failed.</summary>
    /// <param name="ratio">Default 0.5; more than 0, at most 1.</param>
    public CircuitBreakerBuilder FailureRatio(double ratio)
    {
        failureRatio = ratio;
        return this;
    }

    /// <summary>How far back attempts count. They are forgotten a tenth of it at a time.</summary>
    /// <param name="window">Default 30 s; from 1 s to 1 h.</param>
    public CircuitBreakerBuilder Over(TimeSpan window)
    {
        this.window = window;
        return this;
    }

    /// <summary>With fewer attempts in that time the circuit stays closed.</summary>
    /// <param name="attempts">Default 20; from 2 to 100,000.</param>
    public CircuitBreakerBuilder MinimumThroughput(int attempts)
    {
        minimumThroughput = attempts;
        return this;
    }

    /// <summary>How long no handler runs. Then messages are tried one after another; if one fails, it is as long again.</summary>
    /// <param name="duration">Default 15 s; from 100 ms to 1 day.</param>
    public CircuitBreakerBuilder BreakFor(TimeSpan duration)
    {
        breakDuration = duration;
        return this;
    }

    /// <summary>How many of those must succeed until everything goes on.</summary>
    /// <param name="successes">Default 3; from 1 to 1,000.</param>
    public CircuitBreakerBuilder CloseAfter(int successes)
    {
        probes = successes;
        return this;
    }

    /// <summary>
    /// Only exceptions of this type count as failures, and of others that are added. What does not count is a success here: what the handler
    /// depends on has answered. Default: everything that a handler throws.
    /// </summary>
    /// <typeparam name="TException">The type, or one that it derives from. Of a saga's activity it is what that has thrown.</typeparam>
    /// <param name="when">Which of them. Default: all. Must not throw.</param>
    public CircuitBreakerBuilder On<TException>(Func<TException, bool>? when = null) where TException : Exception
    {
        counted.Add(exception => exception is TException typed && (when is null || when(typed)));
        return this;
    }

    internal CircuitBreakerPolicy Build() => new(failureRatio, window, minimumThroughput, breakDuration, probes, Counts);

    internal IEnumerable<string> Validate(string endpoint)
    {
        if (!(failureRatio > 0 && failureRatio <= 1))
        {
            yield return $"The circuit breaker of endpoint {Names.Show(endpoint)} has FailureRatio({failureRatio}): set it to more than 0 and at most 1.";
        }

        if (window < TimeSpan.FromSeconds(1) || window > TimeSpan.FromHours(1))
        {
            yield return $"The circuit breaker of endpoint {Names.Show(endpoint)} has Over({window}): set it between 1 s and 1 h.";
        }

        if (minimumThroughput is < 2 or > 100_000)
        {
            yield return $"The circuit breaker of endpoint {Names.Show(endpoint)} has MinimumThroughput({minimumThroughput}): set it between 2 and 100000.";
        }

        if (breakDuration < TimeSpan.FromMilliseconds(100) || breakDuration > TimeSpan.FromDays(1))
        {
            yield return $"The circuit breaker of endpoint {Names.Show(endpoint)} has BreakFor({breakDuration}): set it between 100 ms and 1 day.";
        }

        if (probes is < 1 or > 1000)
        {
            yield return $"The circuit breaker of endpoint {Names.Show(endpoint)} has CloseAfter({probes}): set it between 1 and 1000.";
        }
    }

    private bool Counts(Exception failure)
    {
        if (counted.Count == 0)
        {
            return true;
        }

        try
        {
            return counted.Exists(counts => counts(failure));
        }
        catch (Exception)
        {
            // It cannot say, so the failure counts as it would if nothing had been said.
            return true;
        }
    }
}
