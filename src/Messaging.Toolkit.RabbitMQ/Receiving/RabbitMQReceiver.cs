using System.Threading.Channels;
using Messaging.Toolkit.RabbitMQ.Connections;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Receiving;

/// <summary>What one process receives for one endpoint: over a connection of its own, from one queue or from several.</summary>
/// <remarks>
/// Whatever ends the only consumer ends the receiver: the channel or the connection are gone, or the broker has cancelled it because
/// the queue was deleted or a handler took longer than its consumer timeout. The core opens the next receiver. One of several is
/// replaced, if it can be.
/// </remarks>
internal sealed class RabbitMQReceiver(IConnection connection, EnvelopeReader reader, TimeProvider time) : IReceiver
{
    /// <summary>Bounded by the broker, which delivers no more than the prefetch before something is settled.</summary>
    private readonly Channel<RabbitMQDelivery> received = Channel.CreateUnbounded<RabbitMQDelivery>(new() { SingleReader = true });

    private readonly Lock gate = new();
    private readonly List<QueueConsumer> consumers = [];
    private PartitionShare? share;

    /// <summary>Consumes the endpoint's only queue.</summary>
    public static async Task<RabbitMQReceiver> OpenAsync(IConnection connection, string queue, int prefetch, EnvelopeReader reader, TimeProvider time, CancellationToken cancellationToken)
    {
        var receiver = new RabbitMQReceiver(connection, reader, time);
        await receiver.ConsumeAsync(queue, prefetch, cancellationToken);
        return receiver;
    }

    /// <summary>Consumes this process's share of the endpoint's queues.</summary>
    public static async Task<RabbitMQReceiver> OpenAsync(
        IConnection connection, Presence presence, IReadOnlyList<string> queues, int prefetch, EnvelopeReader reader, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var receiver = new RabbitMQReceiver(connection, reader, time);
        receiver.share = new PartitionShare(receiver, presence, queues, Math.Max(1, prefetch / queues.Count), time, logger);
        await receiver.share.StartAsync(cancellationToken);
        return receiver;
    }

    /// <summary>Begins to consume a queue.</summary>
    public async Task<QueueConsumer> ConsumeAsync(string queue, int prefetch, CancellationToken cancellationToken)
    {
        var consumer = await QueueConsumer.OpenAsync(connection, queue, prefetch, reader, received.Writer, OnEnded, time, cancellationToken);
        lock (gate)
        {
            consumers.Add(consumer);
        }

        return consumer;
    }

    /// <summary>Ceases to consume a queue, when what was received of it is settled.</summary>
    public async Task LeaveAsync(QueueConsumer consumer)
    {
        await consumer.LeaveAsync();
        Forget(consumer);
    }

    public async ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(int max, CancellationToken cancellationToken)
    {
        while (true)
        {
            var batch = await received.Reader.ReadBatchAsync(max, cancellationToken);
            var taken = batch.Where(delivery => delivery.Consumer.TryTake()).ToList();
            if (taken.Count > 0)
            {
                return taken;
            }
        }
    }

    public ValueTask SettleAsync(IReadOnlyList<Delivery> deliveries, Settlement settlement, CancellationToken cancellationToken)
    {
        var areAcknowledged = true;
        foreach (var ofOne in deliveries.Cast<RabbitMQDelivery>().GroupBy(delivery => delivery.Consumer, delivery => delivery.Tag))
        {
            areAcknowledged &= ofOne.Key.Settle([.. ofOne], settlement == Settlement.Done);
        }

        return areAcknowledged ? ValueTask.CompletedTask : throw new MessagingException("The channel to RabbitMQ is closed: the deliveries come again.");
    }

    public ValueTask CloseIntakeAsync() => share is null ? ValueTask.CompletedTask : new(share.GiveUpAsync());

    /// <summary>Acknowledges what is done, and gives back the rest.</summary>
    public async ValueTask DisposeAsync()
    {
        Break(new ObjectDisposedException(nameof(RabbitMQReceiver)));
        if (share is not null)
        {
            await share.DisposeAsync();
        }

        await Task.WhenAll(Consumers().Select(consumer => consumer.FlushAsync()));
        await ConnectionOpener.CloseAsync(connection, time);
    }

    /// <summary>Tells whoever receives that it is over, and why.</summary>
    public void Break(Exception exception) => received.Writer.TryComplete(exception);

    /// <summary>One queue of several may be had again. Of one, and when all end with their connection, the core must open the next receiver.</summary>
    private void OnEnded(QueueConsumer consumer, Exception exception)
    {
        if (share is null || !connection.IsOpen)
        {
            Break(exception);
            return;
        }

        share.OnEnded(consumer, exception);
        _ = DropAsync(consumer); // Called by the channel itself, which cannot wait for its own end.
    }

    /// <summary>Throws nothing.</summary>
    private async Task DropAsync(QueueConsumer consumer)
    {
        try
        {
            await consumer.EndAsync();
            Forget(consumer);
        }
        catch (Exception exception)
        {
            Break(exception);
        }
    }

    private void Forget(QueueConsumer consumer)
    {
        lock (gate)
        {
            consumers.Remove(consumer);
        }
    }

    private List<QueueConsumer> Consumers()
    {
        lock (gate)
        {
            return [.. consumers];
        }
    }
}
