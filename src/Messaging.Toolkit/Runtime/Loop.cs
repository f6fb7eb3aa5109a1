using Messaging.Toolkit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Runtime;

/// <summary>
/// The one place where background work starts. A service is a step that does one round of its work; the loop repeats it
/// and, when a step fails, logs, waits and goes on. It ends when it is told to stop or by <see cref="EndLoopException"/>.
/// </summary>
internal sealed class Loop(string name, TimeProvider time, EntropySource entropy, TimeSpan longestPause, ILogger logger, WorkState? state = null)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    public async Task RunAsync(Func<CancellationToken, Task> step, CancellationToken stopping)
    {
        // The first step must not run inside the caller: it would hold up the start of the host.
        await Task.Yield();

        var backoff = new Backoff(FirstPause, longestPause, entropy);
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            var begun = time.GetTimestamp();
            try
            {
                await step(stopping);
                failures = 0;
                state?.Works();
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (EndLoopException)
            {
                throw;
            }
            catch (Exception exception)
            {
                state?.Fails(exception);

                // A step may be the life of a connection, which never ends well: one that has lasted was no failure until its end.
                failures = time.GetElapsedTime(begun) > longestPause ? 1 : failures + 1;
                var pause = backoff.After(failures);
                logger.LoopFailed(name, failures, pause, exception);
                await PauseAsync(pause, stopping);
            }
        }
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken stopping)
    {
        try
        {
            await Task.Delay(pause, time, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The loop's own condition ends it.
        }
    }
}

/// <summary>What a loop works with is broken: repeating the step makes no sense, its owner must set it up anew.</summary>
internal sealed class EndLoopException(string message, Exception innerException) : Exception(message, innerException);
