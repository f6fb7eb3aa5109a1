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
    private bool IsWanted => Interlocked.Read(ref lastAsked) is var at && at != long.MinValue && time.GetElapsedTime(at) <= options.MeasureInterval * ObservabilityOptions.IntervalsWanted;

    /// <summary>What was measured last, however long ago; null if nothing was. Who asks has it measured from then on.</summary>
    public Measured<StoreFigures>? Ask()
    {
        var wasWanted = IsWanted;
        Interlocked.Exchange(ref lastAsked, time.GetTimestamp());
        if (!wasWanted)
        {
            asked.Set();
        }

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
