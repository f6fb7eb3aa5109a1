namespace Messaging.Toolkit.Benchmarks.Measuring;

/// <summary>The most memory that the process had while something ran, looked at twenty times a second.</summary>
internal sealed class MemoryWatch : IAsyncDisposable
{
    private const double Megabyte = 1024 * 1024;

    private readonly PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
    private readonly Task watching;

    private MemoryWatch() => watching = WatchAsync();

    /// <summary>Managed memory, with what is garbage and not collected yet: how much of that the runtime allows itself depends on the machine.</summary>
    public double PeakHeapMegabytes { get; private set; }

    /// <summary>What a collection has left.</summary>
    public double PeakLiveMegabytes { get; private set; }

    public double PeakWorkingSetMegabytes { get; private set; }

    public static MemoryWatch Begin() => new();

    public async ValueTask DisposeAsync()
    {
        timer.Dispose();
        await watching;
    }

    private async Task WatchAsync()
    {
        do
        {
            PeakHeapMegabytes = Math.Max(PeakHeapMegabytes, GC.GetTotalMemory(forceFullCollection: false) / Megabyte);
            PeakLiveMegabytes = Math.Max(PeakLiveMegabytes, GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes / Megabyte);
            PeakWorkingSetMegabytes = Math.Max(PeakWorkingSetMegabytes, Environment.WorkingSet / Megabyte);
        }
        while (await timer.WaitForNextTickAsync());
    }
}
