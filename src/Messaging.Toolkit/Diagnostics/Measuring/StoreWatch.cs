using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Diagnostics.Measuring;

/// <summary>
/// Measures one store at an interval, as long as somebody asks: whoever collects metrics must not wait for a database, and where nobody does there is nothing to ask it.
/// Thread-safe.
/// </summary>
internal sealed class StoreWatch(IMessageStore store, ObservabilityOptions options, TimeProvider time)
{
    private readonly Signal asked = new(time);
    private long lastAsked = long.MinValue;
    private volatile Measured<StoreFigures>? last;

    /// <summary>Whether somebody has asked lately.</summary>
    private bool IsWanted => Interlocked.Read(ref lastAsked) is var at && at != long.MinValue && time.GetElapsedTime(at) <= ObservabilityOptions.WantedFor;

    /// <summary>
    /// What was measured last; null if nothing was, or nobody has wanted it meanwhile: then it is old because of that, and not because the store does not answer. Who asks has
    /// it measured from then on.
    /// </summary>
    public Measured<StoreFigures>? Ask()
    {
        if (!IsWanted)
        {
            last = null;
        }

        Interlocked.Exchange(ref lastAsked, time.GetTimestamp());
        asked.Set();
        return last;
    }

    /// <summary>Does one round; waits.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (!IsWanted)
        {
            await asked.WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken);
            return;
        }

        last = new(await store.ReadFiguresAsync(options.CountUpTo, cancellationToken), time.GetTimestamp());
        await Task.Delay(options.MeasureInterval, time, cancellationToken);
    }
}
