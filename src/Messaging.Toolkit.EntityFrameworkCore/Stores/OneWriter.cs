using Messaging.Toolkit.Runtime;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>
/// A queue for databases that let one transaction write at a time: transactions of this process wait for each other here,
/// in order and without a thread, instead of polling the database's lock. Only that lock excludes; this one is a courtesy,
/// so whoever has waited too long goes on without it.
/// </summary>
internal sealed class OneWriter(TimeProvider time, Dispatcher dispatcher)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly LinkedList<TaskCompletionSource<Turn>> waiting = new();
    private bool isTaken;

    public Turn Take() => dispatcher.Block(TakeAsync(CancellationToken.None));

    /// <summary>Waits for the turn. It ends when it is disposed.</summary>
    public Task<Turn> TakeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            if (isTaken)
            {
                return WaitAsync(waiting.AddLast(new TaskCompletionSource<Turn>()), cancellationToken);
            }

            isTaken = true;
            return Task.FromResult(new Turn(this));
        }
    }

    private async Task<Turn> WaitAsync(LinkedListNode<TaskCompletionSource<Turn>> place, CancellationToken cancellationToken)
    {
        await using var timer = time.CreateTimer(_ => Leave(place, waiter => waiter.SetResult(new Turn(null))), null, Patience, Timeout.InfiniteTimeSpan);
        await using var registration = cancellationToken.UnsafeRegister(_ => Leave(place, waiter => waiter.SetCanceled(cancellationToken)), null);
        return await place.Value.Task;
    }

    private void Leave(LinkedListNode<TaskCompletionSource<Turn>> place, Action<TaskCompletionSource<Turn>> leave)
    {
        lock (gate)
        {
            if (place.List is null)
            {
                return;
            }

            waiting.Remove(place);
        }

        dispatcher.Post(() => leave(place.Value));
    }

    private void End()
    {
        TaskCompletionSource<Turn> next;
        lock (gate)
        {
            if (waiting.First is not { } first)
            {
                isTaken = false;
                return;
            }

            waiting.RemoveFirst();
            next = first.Value;
        }

        // Not here and now: what waits is a whole transaction.
        dispatcher.Post(() => next.SetResult(new Turn(this)));
    }

    /// <summary>Ends once, however often it is disposed.</summary>
    public sealed class Turn : IDisposable
    {
        private OneWriter? writer;

        internal Turn(OneWriter? writer) => this.writer = writer;

        public void Dispose() => Interlocked.Exchange(ref writer, null)?.End();
    }
}
