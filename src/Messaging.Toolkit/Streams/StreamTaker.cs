using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Streams;

/// <summary>Takes streams for endpoints, each in the store that its handlers' transactions run in.</summary>
internal sealed class StreamTaker(MessagingModel model, StoreCollection stores, EntropySource entropy, TimeProvider time)
{
    /// <summary>Each takes a connection.</summary>
    private const int AtOnce = 8;

    /// <summary>How long one may take: longer than a database waits for who is moving its position.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Takes streams, some at once and in another order each time: one that cannot be taken, because somebody is in the middle of moving its position, keeps no other
    /// from being taken for ever.
    /// </summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="streams">Their names.</param>
    /// <param name="memory">How many ids of each are remembered.</param>
    /// <param name="cancellationToken">Gives up those that have not been taken yet.</param>
    /// <returns>The positions, in the order of the names, null where it has failed; and why one of them has.</returns>
    public async Task<(IReadOnlyList<StreamPosition?> Positions, Exception? Failure)> TakeAsync(string endpoint, IReadOnlyCollection<string> streams, int memory, CancellationToken cancellationToken)
    {
        var store = stores.Get(model.Endpoints.Single(each => each.Name == endpoint).Store).Streams;
        var names = streams.ToList();
        var positions = new StreamPosition?[names.Count];
        var order = new Queue<int>(Shuffled(names.Count));
        Exception? failure = null;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(AtOnce, names.Count)).Select(_ => TakeSomeAsync()));
        return (positions, failure);

        async Task TakeSomeAsync()
        {
            while (TryDequeue(order, out var index))
            {
                try
                {
                    positions[index] = await TakeAsync(store, endpoint, names[index], memory, cancellationToken);
                }
                catch (Exception exception)
                {
                    failure = exception;
                }
            }
        }
    }

    /// <summary>
    /// Deletes positions that are not kept any more: they would stay where they are while messages are handled without them, and all of that would be handled again when they are
    /// kept once more. Throws only what passes.
    /// </summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="which">Tells by a stream's name whether it is one of them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many there were, and why they could not be deleted if they could not.</returns>
    public async Task<(int Count, Exception? Failure)> ForgetAsync(string endpoint, Func<string, bool> which, CancellationToken cancellationToken)
    {
        var store = stores.Get(model.Endpoints.Single(each => each.Name == endpoint).Store);
        var names = new List<string>();
        try
        {
            names.AddRange((await store.Streams.ReadNamesAsync(endpoint, cancellationToken)).Where(which));
            if (names.Count > 0)
            {
                await store.Streams.DeleteAsync(endpoint, names, cancellationToken);
            }

            return (names.Count, null);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && !store.Inbox.IsTransient(exception))
        {
            // If they could not even be read there are none: whoever has never kept positions may have no table for them.
            return (names.Count, names.Count > 0 ? exception : null);
        }
    }

    private async Task<StreamPosition> TakeAsync(IStreamStore store, string endpoint, string stream, int memory, CancellationToken cancellationToken)
    {
        using var bound = new CancellationTokenSource(Bound, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            return new StreamPosition(endpoint, stream, await store.TakeAsync(endpoint, stream, memory, model.Inbox.Retention, either.Token), memory);
        }
        catch (OperationCanceledException canceled) when (either.IsCancellationRequested)
        {
            throw new TimeoutException($"The database has not answered in time when the position in '{stream}' was taken.", canceled);
        }
    }

    private static bool TryDequeue(Queue<int> order, out int index)
    {
        lock (order)
        {
            return order.TryDequeue(out index);
        }
    }

    private int[] Shuffled(int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        for (var i = count - 1; i > 0; i--)
        {
            var other = (int)(entropy.NextFraction() * (i + 1));
            (order[i], order[other]) = (order[other], order[i]);
        }

        return order;
    }
}
