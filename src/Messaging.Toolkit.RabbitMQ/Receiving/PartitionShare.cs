using Messaging.Toolkit.RabbitMQ.Connections;

namespace Messaging.Toolkit.RabbitMQ.Receiving;

/// <summary>
/// Which of an endpoint's queues this process consumes: each process that is present its equal share, and another one when
/// processes come and go. Whatever they think of each other, a queue has one active consumer: the broker sees to that.
/// </summary>
internal sealed class PartitionShare(RabbitMQReceiver receiver, Presence presence, IReadOnlyList<string> queues, int prefetch) : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Dictionary<int, QueueConsumer> consumed = [];
    private readonly Dictionary<int, Task> left = [];
    private Task keeping = Task.CompletedTask;

    /// <summary>Takes the share of the first moment, and adapts it from then on.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await presence.MeetAsync(cancellationToken);
        await AdaptAsync(cancellationToken);
        keeping = KeepAsync();
    }

    public async ValueTask DisposeAsync()
    {
        stopping.Cancel();
        await keeping;
        await presence.DisposeAsync();
    }

    private async Task KeepAsync()
    {
        try
        {
            while (true)
            {
                await presence.WaitAsync(stopping.Token);
                await AdaptAsync(stopping.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Whoever stops it ends the consumers too.
        }
        catch (Exception exception)
        {
            receiver.Break(exception);
        }
    }

    private async Task AdaptAsync(CancellationToken cancellationToken)
    {
        var share = presence.ShareOf(queues.Count);
        foreach (var queue in consumed.Keys.Except(share).ToList())
        {
            consumed.Remove(queue, out var consumer);
            left[queue] = LeaveAsync(consumer!);
        }

        foreach (var queue in share.Where(queue => !consumed.ContainsKey(queue) && !IsBeingLeft(queue)))
        {
            consumed[queue] = await receiver.ConsumeAsync(queues[queue], prefetch, cancellationToken);
        }
    }

    private async Task LeaveAsync(QueueConsumer consumer)
    {
        try
        {
            await receiver.LeaveAsync(consumer);
        }
        catch (Exception exception)
        {
            receiver.Break(exception);
        }

        // It may have become ours again meanwhile.
        presence.Wake();
    }

    private bool IsBeingLeft(int queue) => left.TryGetValue(queue, out var leaving) && !leaving.IsCompleted;
}
