namespace Messaging.Toolkit.Kafka.Clients;

/// <summary>
/// The one place with threads: the Kafka client's calls block, and must be made again and again so that its callbacks run. They would
/// hold threads of the pool for ever.
/// </summary>
internal sealed class ClientThread
{
    private readonly object gate = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool isStopping;

    /// <summary>Takes turns until it is stopped, and comes to an end then.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="turn">A short call that blocks. False if there is no sense in another one; then the thread waits to be stopped. It must not throw.</param>
    /// <param name="end">Is called once, after the last turn, when the thread is stopped.</param>
    public static ClientThread Start(string name, Func<bool> turn, Action end)
    {
        var thread = new ClientThread();
        new Thread(() => thread.Run(turn, end)) { Name = name, IsBackground = true }.Start();
        return thread;
    }

    /// <summary>Makes one blocking call.</summary>
    public static Task<T> CallAsync<T>(string name, Func<T> call)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Run(call, result)) { Name = name, IsBackground = true }.Start();
        return result.Task;
    }

    /// <summary>The turn that is being taken is the last. Completes when the end is over.</summary>
    public Task StopAsync()
    {
        lock (gate)
        {
            isStopping = true;
            Monitor.Pulse(gate);
        }

        return ended.Task;
    }

    private static void Run<T>(Func<T> call, TaskCompletionSource<T> result)
    {
        try
        {
            result.SetResult(call());
        }
        catch (Exception exception)
        {
            result.SetException(exception);
        }
    }

    private void Run(Func<bool> turn, Action end)
    {
        try
        {
            while (!isStopping && turn())
            {
                // The turn has done it.
            }

            lock (gate)
            {
                while (!isStopping)
                {
                    Monitor.Wait(gate);
                }
            }

            end();
            ended.SetResult();
        }
        catch (Exception exception)
        {
            ended.SetException(exception);
        }
    }
}
