using Messaging.Toolkit.Runtime;

namespace Messaging.Toolkit.Parking;

/// <summary>Knows when it is worth looking for parked messages, as far as this process can know: what others have parked is found by polling. Thread-safe.</summary>
internal sealed class ParkingAlarm(TimeProvider time)
{
    /// <summary>More are not noted, and are found by polling.</summary>
    private const int MaxNoted = 10_000;

    /// <summary>The store's clock decides what is due, and may be read a moment later than ours.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(5);

    private readonly Lock gate = new();
    private readonly PriorityQueue<long, long> expected = new();
    private readonly Signal signal = new(time);

    /// <summary>Something may be due now: the message before it is done.</summary>
    public void Set() => signal.Set();

    /// <summary>Something is due after the delay.</summary>
    public void Expect(TimeSpan delay)
    {
        var at = time.GetTimestamp() + (long)((delay + Margin).TotalSeconds * time.TimestampFrequency);
        lock (gate)
        {
            if (expected.Count >= MaxNoted)
            {
                return;
            }

            expected.Enqueue(at, at);
        }

        signal.Set();
    }

    /// <summary>Waits until something may be due, and at most for the time given.</summary>
    public Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken) => signal.WaitAsync(UntilNext(longest), cancellationToken);

    private TimeSpan UntilNext(TimeSpan longest)
    {
        var now = time.GetTimestamp();
        lock (gate)
        {
            var isDue = false;
            while (expected.TryPeek(out var at, out _) && at <= now)
            {
                expected.Dequeue();
                isDue = true;
            }

            if (isDue)
            {
                return TimeSpan.Zero;
            }

            if (expected.TryPeek(out var next, out _) && time.GetElapsedTime(now, next) is var wait && wait < longest)
            {
                return wait;
            }
        }

        return longest;
    }
}
