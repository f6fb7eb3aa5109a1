using System.Runtime.ExceptionServices;
using Messaging.Toolkit.Testing.Nodes;

namespace Messaging.Toolkit.Simulations.Kafka.Client;

/// <summary>What a client's thread does: one thing after the other, and while one waits the others do.</summary>
internal sealed class Turns(NodeLife life)
{
    private readonly Queue<Func<Task>> waiting = [];
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Func<Task>? end;
    private bool isRunning;
    private bool isHalted;
    private bool hasEnded;

    public void Add(Func<Task> turn)
    {
        if (!isHalted)
        {
            waiting.Enqueue(turn);
            Run();
        }
    }

    public void Add(Action turn) => Add(() =>
    {
        turn();
        return Task.CompletedTask;
    });

    /// <summary>The turn that is being taken is the last, until it is stopped.</summary>
    public void Halt()
    {
        isHalted = true;
        waiting.Clear();
    }

    /// <summary>The turn that is being taken is the last. Completes when the end is over.</summary>
    public Task StopAsync(Func<Task> end)
    {
        Halt();
        this.end = end;
        Run();
        return ended.Task;
    }

    private void Run()
    {
        if (!isRunning)
        {
            isRunning = true;
            life.World.Post(life.Lane, () => _ = RunAsync());
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (waiting.TryDequeue(out var turn))
            {
                await turn();
            }

            isRunning = false;
            if (end is not null && !hasEnded)
            {
                hasEnded = true;
                await end();
                ended.SetResult();
            }
        }
        catch (Exception exception)
        {
            life.World.Post(life.Lane, () => ExceptionDispatchInfo.Throw(exception));
        }
    }
}
