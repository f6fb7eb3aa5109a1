using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Diagnostics.Measuring;

/// <summary>
/// Calls instruments. Whoever listens to them is somebody else's code and runs in the caller's hands: if it throws, that is logged once, and the caller hears nothing of it.
/// </summary>
internal sealed class ListenerGuard(ILogger logger)
{
    private int reported;

    public void Add(Counter<long> counter, long count, in TagList tags)
    {
        if (counter.Enabled)
        {
            try
            {
                counter.Add(count, tags);
            }
            catch (Exception exception)
            {
                Report(exception);
            }
        }
    }

    public void Add(UpDownCounter<long> counter, long count, in TagList tags)
    {
        if (counter.Enabled)
        {
            try
            {
                counter.Add(count, tags);
            }
            catch (Exception exception)
            {
                Report(exception);
            }
        }
    }

    public void Record<T>(Histogram<T> histogram, T value, in TagList tags) where T : struct
    {
        if (histogram.Enabled)
        {
            try
            {
                histogram.Record(value, tags);
            }
            catch (Exception exception)
            {
                Report(exception);
            }
        }
    }

    public void Report(Exception exception)
    {
        if (Interlocked.Exchange(ref reported, 1) == 0)
        {
            logger.ListenerFailed(exception);
        }
    }
}
