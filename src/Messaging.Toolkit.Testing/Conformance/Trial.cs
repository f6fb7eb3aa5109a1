using System.Runtime.ExceptionServices;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>One run of one case: an application with names of its own, its processes, and a limit to all waiting.</summary>
internal sealed class Trial(
    Func<MessageTopology, ValueTask<ITransport>> createTransport, Func<ValueTask> breakConnections, TimeSpan limit, TimeProvider time)
{
    /// <summary>How long it takes to believe that nothing comes.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);

    /// <summary>For calls that do not look at their token.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource over = new(limit, time);
    private readonly List<TrialProcess> processes = [];

    public TrialMessages Messages { get; } = new(time);

    /// <summary>Fires when the case has taken too long, or has failed elsewhere.</summary>
    public CancellationToken Over => over.Token;

    public TimeSpan Limit => limit;

    public async Task RunAsync(Func<Trial, Task> run)
    {
        Exception? failure = null;
        try
        {
            await EndAsync(run(this), limit + Grace);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        over.Cancel();
        try
        {
            await EndAsync(DisposeProcessesAsync(), Grace);
        }
        catch (Exception exception)
        {
            failure ??= exception;
        }

        over.Dispose();
        if (failure is not null)
        {
            if (failure is ConformanceException)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            throw new ConformanceException($"The transport threw {failure.GetType().Name}: {failure.Message}", failure);
        }
    }

    /// <summary>Starts one more process of the application.</summary>
    public async Task<TrialProcess> StartProcessAsync()
    {
        var process = new TrialProcess(this, await createTransport(Messages.Topology));
        processes.Add(process);
        return process;
    }

    public ValueTask BreakConnectionsAsync() => breakConnections();

    /// <summary>Sends messages for <see cref="TrialMessages.Left"/> within one process, and returns what has come.</summary>
    public async Task<List<MessageEnvelope>> PassAsync(IReadOnlyList<MessageEnvelope> messages)
    {
        var process = await StartProcessAsync();
        var consumer = await process.OpenConsumerAsync(Messages.Left);
        var relay = await process.OpenRelayAsync();
        var handling = consumer.HandleAsync(messages.Count);
        await TogetherAsync(relay.DeliverAsync(messages), handling);
        return await handling;
    }

    /// <summary>Waits for several things. If one fails, the others need not go on.</summary>
    public async Task TogetherAsync(params Task[] parts)
    {
        Exception? first = null;
        await Task.WhenAll(parts.Select(WatchAsync));
        if (first is not null)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        async Task WatchAsync(Task part)
        {
            try
            {
                await part;
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref first, exception, null);
                over.Cancel();
            }
        }
    }

    /// <summary>A token that fires when enough time has passed for something to come.</summary>
    public CancellationTokenSource AMoment() => new(Moment, time);

    /// <summary>Opens something when a connection has just been lost: tried again until the limit, as a process does.</summary>
    public async Task<T> OpenAgainAsync<T>(Func<Task<T>> open)
    {
        while (true)
        {
            try
            {
                return await open();
            }
            catch (Exception) when (!Over.IsCancellationRequested)
            {
                await Task.Delay(RetryPause, time, Over);
            }
        }
    }

    /// <summary>Waits for the end of something that may not look at its token.</summary>
    public async Task EndAsync(Task task, TimeSpan within)
    {
        // Not a delay that is cancelled: WhenAny hears of that on the thread pool.
        var late = new TaskCompletionSource();
        using var timeout = new CancellationTokenSource(within, time);
        await using var registration = timeout.Token.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), late);
        if (await Task.WhenAny(task, late.Task) != task)
        {
            throw new ConformanceException($"A call of the transport has not ended after {within.TotalSeconds} s, although its token was cancelled or it was disposed.");
        }

        await task;
    }

    private async Task DisposeProcessesAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }
    }
}
