using System.Threading.Channels;
using Messaging.Toolkit.RabbitMQ.Connections;
using Messaging.Toolkit.Transports;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.RabbitMQ.Receiving;

/// <summary>
/// Consumes one queue on a channel of its own. What is given back stays with the channel and comes again, in its order, when the
/// channel ends: put back one by one it would overtake, or be overtaken.
/// </summary>
/// <remarks>
/// Whatever ends the consumer ends the receiver: the channel or its connection are gone, or the broker has cancelled it because
/// the queue was deleted or a handler took longer than its consumer timeout. The core opens the next one.
/// </remarks>
internal sealed class RabbitMQReceiver : AsyncDefaultBasicConsumer, IReceiver
{
    private readonly IConnection connection;
    private readonly EnvelopeReader reader;
    private readonly TimeProvider time;
    private readonly UnsettledTags unsettled = new();

    /// <summary>Bounded by the broker, which delivers no more than the prefetch before something is settled.</summary>
    private readonly Channel<Delivery> received = System.Threading.Channels.Channel.CreateUnbounded<Delivery>(new() { SingleReader = true, SingleWriter = true });

    /// <summary>What is settled and not acknowledged yet: what comes together is acknowledged together, and by one at a time.</summary>
    private readonly Channel<IReadOnlyList<Delivery>> done = System.Threading.Channels.Channel.CreateUnbounded<IReadOnlyList<Delivery>>(new() { SingleReader = true });

    private Task acknowledging = Task.CompletedTask;

    private RabbitMQReceiver(IConnection connection, IChannel channel, EnvelopeReader reader, TimeProvider time) : base(channel)
    {
        this.time = time;
        this.connection = connection;
        this.reader = reader;
    }

    /// <summary>Begins to consume, on a connection that is the receiver's from then on.</summary>
    public static async Task<RabbitMQReceiver> OpenAsync(IConnection connection, string queue, int prefetch, EnvelopeReader reader, TimeProvider time, CancellationToken cancellationToken)
    {
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(false, false, consumerDispatchConcurrency: 1), cancellationToken);
        await channel.BasicQosAsync(0, (ushort)Math.Min(prefetch, ushort.MaxValue), global: false, cancellationToken);
        var receiver = new RabbitMQReceiver(connection, channel, reader, time);
        channel.ChannelShutdownAsync += receiver.OnShutdownAsync;
        receiver.acknowledging = receiver.AcknowledgeAllAsync();
        await channel.BasicConsumeAsync(queue, autoAck: false, receiver, cancellationToken);
        return receiver;
    }

    public ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(int max, CancellationToken cancellationToken) => received.Reader.ReadBatchAsync(max, cancellationToken);

    public ValueTask SettleAsync(IReadOnlyList<Delivery> deliveries, Settlement settlement, CancellationToken cancellationToken)
    {
        if (settlement == Settlement.Done && !done.Writer.TryWrite(deliveries))
        {
            throw new MessagingException("The channel to RabbitMQ is closed: the deliveries come again.");
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Acknowledges what is done, and gives back the rest.</summary>
    public async ValueTask DisposeAsync()
    {
        received.Writer.TryComplete(new ObjectDisposedException(nameof(RabbitMQReceiver)));
        done.Writer.TryComplete();
        await ConnectionOpener.AtMostAsync(acknowledging, time);
        await ConnectionOpener.CloseAsync(connection, time);
    }

    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        try
        {
            unsettled.Add(deliveryTag);
            received.Writer.TryWrite(new RabbitMQDelivery(reader.Read(exchange, routingKey, properties, body), deliveryTag));
        }
        catch (Exception exception)
        {
            // The client would log it somewhere and go on, and the message would be held here for ever.
            Break(exception);
        }

        return Task.CompletedTask;
    }

    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        Break(new MessagingException("RabbitMQ has cancelled the consumer: its queue was deleted or has moved."));
        return Task.CompletedTask;
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason)
    {
        Break(new MessagingException($"The channel to RabbitMQ was closed: {reason.ReplyCode} {reason.ReplyText}"));
        return Task.CompletedTask;
    }

    private async Task AcknowledgeAllAsync()
    {
        try
        {
            while (await done.Reader.WaitToReadAsync())
            {
                await AcknowledgeAsync();
            }
        }
        catch (Exception exception)
        {
            Break(exception);
        }
    }

    private async Task AcknowledgeAsync()
    {
        var tags = new List<ulong>();
        while (done.Reader.TryRead(out var deliveries))
        {
            tags.AddRange(deliveries.Select(delivery => ((RabbitMQDelivery)delivery).Tag));
        }

        var (upTo, single) = unsettled.Remove(tags);
        if (upTo is { } tag)
        {
            await Channel.BasicAckAsync(tag, multiple: true);
        }

        foreach (var each in single)
        {
            await Channel.BasicAckAsync(each, multiple: false);
        }
    }

    private void Break(Exception exception)
    {
        received.Writer.TryComplete(exception);
        done.Writer.TryComplete();
    }
}
