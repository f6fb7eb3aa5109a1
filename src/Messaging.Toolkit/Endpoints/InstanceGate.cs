namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// Lets the messages of one instance through one after another, in the order in which they came here, before a transaction is begun for
/// them: whoever waits holds no connection. It saves conflicts; what excludes is the revision in the database. Thread-safe.
/// </summary>
internal sealed class InstanceGate
{
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, Queue<TaskCompletionSource>> taken = [];

    /// <summary>Waits until nobody else has any of the instances. Those of a group are taken in one order everywhere, so that two groups never wait for each other.</summary>
    /// <returns>To be disposed when their transaction has ended.</returns>
    public async Task<IDisposable> EnterAsync(IEnumerable<Guid> instances, CancellationToken cancellationToken)
    {
        var pass = new Pass(this);
        try
        {
            foreach (var instance in instances.Distinct().Order())
            {
                await TakeAsync(instance, cancellationToken);
                pass.Instances.Add(instance);
            }

            return pass;
        }
        catch
        {
            pass.Dispose();
            throw;
        }
    }

    private async Task TakeAsync(Guid instance, CancellationToken cancellationToken)
    {
        TaskCompletionSource turn;
        lock (gate)
        {
            if (!taken.TryGetValue(instance, out var waiting))
            {
                taken.Add(instance, []);
                return;
            }

            turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Enqueue(turn);
        }

        await using var registration = cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), turn);
        await turn.Task;
    }

    private void Leave(Guid instance)
    {
        lock (gate)
        {
            // Who has given up waiting has no turn any more.
            while (taken[instance].TryDequeue(out var next))
            {
                if (next.TrySetResult())
                {
                    return;
                }
            }

            taken.Remove(instance);
        }
    }

    private sealed class Pass(InstanceGate gate) : IDisposable
    {
        public List<Guid> Instances { get; } = [];

        public void Dispose() => Instances.ForEach(gate.Leave);
    }
}
