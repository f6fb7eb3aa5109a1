using Messaging.Toolkit.RabbitMQ.Connections;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.RabbitMQ.Receiving;

/// <summary>
/// Which of an endpoint's queues this process consumes: each process that is present its equal share, and another one when
/// processes come and go. Whatever they think of each other, a queue has one active consumer: the broker sees to that.
/// </summary>
internal sealed class PartitionShare(RabbitMQReceiver receiver, Presence presence, IReadOnlyList<string> queues, int prefetch, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
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

    /// <summary>Leaves everything to the others: each queue when what was taken of it is settled.</summary>
    public async Task GiveUpAsync()
    {
        await StopAsync();
        await presence.LeaveAsync();
        LeaveAllBut([]);
    }

    /// <summary>A consumer has ended by itself: if the queue is still this process's it is consumed anew, but not at once, as it may end again.</summary>
    public void OnEnded(QueueConsumer consumer, Exception exception)
    {
        lock (gate)
        {
            foreach (var queue in consumed.Where(each => each.Value == consumer).Select(each => each.Key).ToList())
            {
                consumed.Remove(queue);
                logger.ConsumerEnded(queues[queue], exception.Message);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await presence.DisposeAsync();
    }

    private async Task StopAsync()
    {
        stopping.Cancel();
        await ConnectionOpener.AtMostAsync(keeping, time);
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
        LeaveAllBut(share);
        foreach (var queue in share.Where(queue => !IsConsumed(queue) && !IsBeingLeft(queue)))
        {
            var consumer = await receiver.ConsumeAsync(queues[queue], prefetch, cancellationToken);
            lock (gate)
            {
                // One that has ended already was not found when it said so.
                if (!consumer.HasEnded)
                {
                    consumed[queue] = consumer;
                }
            }
        }
    }

    private void LeaveAllBut(IReadOnlyList<int> share)
    {
        lock (gate)
        {
            foreach (var queue in consumed.Keys.Except(share).ToList())
            {
                consumed.Remove(queue, out var consumer);
                left[queue] = LeaveAsync(consumer!);
            }
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

    private bool IsConsumed(int queue)
    {
        lock (gate)
        {
            return consumed.ContainsKey(queue);
        }
    }

    private bool IsBeingLeft(int queue) => left.TryGetValue(queue, out var leaving) && !leaving.IsCompleted;
}
