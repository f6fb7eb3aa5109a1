namespace Messaging.Toolkit.Runtime;

/// <summary>
/// Wakes one waiter. A signal set while nobody waits is kept for the next wait, and several are one: the waiter looks
/// at the state, never at the number of signals.
/// </summary>
internal sealed class Signal(TimeProvider time)
{
    private readonly Lock gate = new();
    private TaskCompletionSource<bool>? waiter;
    private bool isSet;

    public void Set()
    {
        lock (gate)
        {
            // The waiter may have timed out at this very moment; then the signal must not get lost with it.
            isSet = waiter is null || !waiter.TrySetResult(true);
            waiter = null;
        }
    }

    /// <summary>Waits for the signal, at most for the time given. True if it came.</summary>
    public async Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var source = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (isSet)
            {
                isSet = false;
                return true;
            }

            waiter = source;
        }

        await using var timer = time.CreateTimer(static state => ((TaskCompletionSource<bool>)state!).TrySetResult(false), source, timeout, Timeout.InfiniteTimeSpan);
        await using var registration = cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource<bool>)state!).TrySetCanceled(token), source);
        try
        {
            return await source.Task;
        }
        finally
        {
            lock (gate)
            {
                if (waiter == source)
                {
                    waiter = null;
                }
            }
        }
    }
}
