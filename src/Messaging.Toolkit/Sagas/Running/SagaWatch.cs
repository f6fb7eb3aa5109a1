using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Stores;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>
/// Waits for instances to end, in whatever process they do: all that wait in this one share a query. What ends here is seen at once, what
/// ends elsewhere within the interval. Between two looks it holds neither a connection nor a thread. Thread-safe.
/// </summary>
internal sealed class SagaWatch(TimeProvider time, EntropySource entropy, ILogger<SagaWatch> log)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly SafeLogger logger = new(log);
    private readonly Lock gate = new();
    private readonly Dictionary<IMessageStore, Watched> stores = [];

    /// <summary>Has the store looked at now: something may have ended.</summary>
    public void Look(IMessageStore store)
    {
        lock (gate)
        {
            stores.GetValueOrDefault(store)?.Wake.Set();
        }
    }

    /// <summary>Waits for an instance to end, or to be stuck. Null if it has not when the time is over.</summary>
    public async Task<SagaRecord?> WaitAsync(IMessageStore store, Guid id, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (timeout == TimeSpan.Zero)
        {
            return (await store.SagaCatalogue.FindEndedAsync([id], cancellationToken)).FirstOrDefault();
        }

        var waiter = new Waiter(id);
        Add(store, waiter);
        try
        {
            await using var timer = time.CreateTimer(static state => ((Waiter)state!).Ended.TrySetResult(null), waiter, timeout, Timeout.InfiniteTimeSpan);
            await using var registration = cancellationToken.UnsafeRegister(static (state, token) => ((Waiter)state!).Ended.TrySetCanceled(token), waiter);
            return await waiter.Ended.Task;
        }
        finally
        {
            Remove(store, waiter);
        }
    }

    private void Add(IMessageStore store, Waiter waiter)
    {
        lock (gate)
        {
            if (!stores.TryGetValue(store, out var watched))
            {
                stores.Add(store, watched = new Watched(new Signal(time)));
                var stopping = watched.Stop.Token;
                _ = new Loop($"{store.Name}: waiting for sagas", time, entropy, LongestPause, logger).RunAsync(token => LookAsync(store, watched, token), stopping);
            }

            watched.Waiters.Add(waiter);
        }
    }

    private void Remove(IMessageStore store, Waiter waiter)
    {
        lock (gate)
        {
            var watched = stores[store];
            watched.Waiters.Remove(waiter);
            if (watched.Waiters.Count == 0)
            {
                stores.Remove(store);
                watched.Stop.Cancel();
            }
        }
    }

    private async Task LookAsync(IMessageStore store, Watched watched, CancellationToken cancellationToken)
    {
        List<Waiter> waiters;
        lock (gate)
        {
            waiters = [.. watched.Waiters];
        }

        foreach (var some in waiters.Chunk(500))
        {
            var ended = (await store.SagaCatalogue.FindEndedAsync([.. some.Select(waiter => waiter.Id).Distinct()], cancellationToken)).ToDictionary(record => record.Id);
            foreach (var waiter in some)
            {
                if (ended.TryGetValue(waiter.Id, out var record))
                {
                    waiter.Ended.TrySetResult(record);
                }
            }
        }

        await watched.Wake.WaitAsync(Interval, cancellationToken);
    }

    private sealed class Waiter(Guid id)
    {
        public Guid Id => id;

        public TaskCompletionSource<SagaRecord?> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Watched(Signal wake)
    {
        public Signal Wake => wake;

        public CancellationTokenSource Stop { get; } = new();

        public List<Waiter> Waiters { get; } = [];
    }
}
