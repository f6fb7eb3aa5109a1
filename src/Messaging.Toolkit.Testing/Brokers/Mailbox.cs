using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Testing.Brokers;

/// <summary>What has arrived for one reader in a lane.</summary>
internal sealed class Mailbox<T>(Lane lane)
{
    private readonly List<T> items = [];
    private TaskCompletionSource? reader;

    public void Add(T item)
    {
        items.Add(item);
        Wake();
    }

    /// <summary>Lets the reader look, whether there is something or not.</summary>
    public void Wake()
    {
        var waiting = reader;
        reader = null;
        if (waiting is not null)
        {
            lane.World.Post(lane, () => waiting.TrySetResult());
        }
    }

    /// <summary>Waits until it is woken, and takes what there is.</summary>
    public async Task<IReadOnlyList<T>> ReadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (items.Count == 0)
        {
            var waiting = reader = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = cancellationToken.UnsafeRegister((_, token) => waiting.TrySetCanceled(token), null);
            await waiting.Task;
        }

        var read = items.ToList();
        items.Clear();
        return read;
    }
}
