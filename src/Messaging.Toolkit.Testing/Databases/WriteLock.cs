using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>
/// SQLite's only write lock, in virtual time: SQLite itself waits for it by blocking the thread. Like there, nobody has a
/// place in a queue.
/// </summary>
internal sealed class WriteLock(World world)
{
    private readonly SeededRandom choices = SeededRandom.For(world.Seed, "write lock");
    private readonly List<Waiter> waiting = [];
    private SimulatedConnection? owner;

    public bool TryTake(SimulatedConnection connection)
    {
        if (owner is null)
        {
            owner = connection;
        }

        return owner == connection;
    }

    /// <summary>Waits for the lock. False if it was not free in time.</summary>
    public Task<bool> TakeAsync(SimulatedConnection connection, TimeSpan timeout)
    {
        if (TryTake(connection))
        {
            return Task.FromResult(true);
        }

        var waiter = new Waiter(connection);
        waiter.Timer = world.Schedule(connection.Life.Lane, timeout, () =>
        {
            if (waiting.Remove(waiter))
            {
                waiter.Source.SetResult(false);
            }
        });
        waiting.Add(waiter);
        return waiter.Source.Task;
    }

    public void Release(SimulatedConnection connection)
    {
        waiting.RemoveAll(waiter => waiter.Connection == connection);
        if (owner != connection)
        {
            return;
        }

        owner = null;
        if (waiting.Count > 0)
        {
            var next = choices.Pick(waiting);
            waiting.Remove(next);
            next.Timer?.Cancel();
            owner = next.Connection;
            world.Post(next.Connection.Life.Lane, () => next.Source.SetResult(true), inContext: false);
        }
    }

    private sealed class Waiter(SimulatedConnection connection)
    {
        public SimulatedConnection Connection => connection;

        public TaskCompletionSource<bool> Source { get; } = new();

        public VirtualTimer? Timer { get; set; }
    }
}
