namespace Messaging.Toolkit.Endpoints.Limits;

/// <summary>
/// Stops an endpoint whose handlers fail again and again, and tries now and then whether they still do. It only decides, and has no task and no
/// timer of its own, so that it goes in a simulation as everywhere else. Not thread-safe.
/// </summary>
/// <param name="policy">When it opens and closes.</param>
/// <param name="time">Only its steady clock is used: a clock that is set does not matter.</param>
/// <param name="changed">Hears of each new state, after it was taken on.</param>
internal sealed class CircuitBreaker(CircuitBreakerPolicy policy, TimeProvider time, Action<CircuitState> changed)
{
    private readonly OutcomeWindow window = new(policy.Window, time);
    private long opened;
    private int era;
    private bool isProbing;
    private int succeeded;

    public CircuitState State { get; private set; }

    /// <summary>What made it open, as long as it is not closed again.</summary>
    public (int Successes, int Failures) Counts => window.Counts;

    /// <summary>How long nothing can get through; null if somebody who is through already decides that.</summary>
    public TimeSpan? Wait => State == CircuitState.Open ? policy.BreakDuration - time.GetElapsedTime(opened) : null;

    /// <summary>Asks for a message to be let through.</summary>
    /// <returns>What it is to leave with, or null if it must wait.</returns>
    public int? TryEnter()
    {
        switch (State)
        {
            case CircuitState.Closed:
                return era;
            case CircuitState.Open when time.GetElapsedTime(opened) < policy.BreakDuration:
            case CircuitState.HalfOpen when isProbing:
                return null;
            case CircuitState.Open:
                ChangeTo(CircuitState.HalfOpen);
                succeeded = 0;
                break;
            default:
                break;
        }

        isProbing = true;
        return era;
    }

    /// <summary>An attempt at a message that was let through has ended.</summary>
    /// <param name="ticket">What <see cref="TryEnter"/> returned.</param>
    /// <param name="success">Whether its handlers succeeded; null if it tells nothing of them.</param>
    public void Leave(int ticket, bool? success)
    {
        // What entered before the last change tells how it was then.
        if (ticket != era)
        {
            return;
        }

        isProbing = false;
        switch (State, success)
        {
            case (CircuitState.Closed, { } outcome):
                window.Add(outcome);
                if (!outcome && IsTooMuch(window.Counts))
                {
                    Open();
                }

                break;
            case (CircuitState.HalfOpen, true) when ++succeeded >= policy.Probes:
                window.Clear();
                ChangeTo(CircuitState.Closed);
                break;
            case (CircuitState.HalfOpen, false):
                Open();
                break;
            default:
                break;
        }
    }

    private bool IsTooMuch((int Successes, int Failures) counts)
        => counts.Successes + counts.Failures >= policy.MinimumThroughput && counts.Failures >= policy.FailureRatio * (counts.Successes + counts.Failures);

    private void Open()
    {
        opened = time.GetTimestamp();
        ChangeTo(CircuitState.Open);
    }

    private void ChangeTo(CircuitState state)
    {
        era++;
        isProbing = false;
        State = state;
        changed(state);
    }
}
