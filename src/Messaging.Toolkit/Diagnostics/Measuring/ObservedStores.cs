using System.Collections.Concurrent;

namespace Messaging.Toolkit.Diagnostics.Measuring;

/// <summary>The stores that this process works for. Thread-safe.</summary>
internal sealed class ObservedStores
{
    private readonly ConcurrentQueue<ObservedStore> all = new();

    public IReadOnlyCollection<ObservedStore> All => all;

    public void Add(ObservedStore store) => all.Enqueue(store);
}
