using System.Threading.Channels;
using Messaging.Toolkit.RabbitMQ.Connections;
using Messaging.Toolkit.Runtime;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.RabbitMQ.Receiving;

/// <summary>
/// Consumes one queue on a channel of its own. What is given back stays with the channel and comes again, in its order, when the
/// channel ends: put back one by one it would overtake, or be overtaken.
/// </summary>
internal sealed class QueueConsumer : AsyncDefaultBasicConsumer
{
    private readonly EnvelopeReader reader;
    private readonly ChannelWriter<RabbitMQDelivery> received;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly UnsettledTags unsettled;
    private readonly Signal toAcknowledge;

    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task acknowledging = Task.CompletedTask;
    private readonly Action<QueueConsumer, Exception> ended;
    private volatile bool isClosing;
    private bool isLeaving;
    private bool isFlushing;
    private Task? closing;
    private int taken;

    private QueueConsumer(IChannel channel, int prefetch, EnvelopeReader reader, ChannelWriter<RabbitMQDelivery> received, Action<QueueConsumer, Exception> ended, TimeProvider time) : base(channel)
    {
        unsettled = new UnsettledTags(prefetch, time);
        toAcknowledge = new Signal(time);
        this.ended = ended;
        this.reader = reader;
        this.received = received;
        this.time = time;
    }

    /// <summary>Begins to consume.</summary>
    /// <param name="connection">Where to open the channel.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="prefetch">How many deliveries may be unsettled.</param>
    /// <param name="reader">Reads them.</param>
    /// <param name="received">Where they go to.</param>
    /// <param name="ended">Is told why the consumer has ended, unless it was told to.</param>
    /// <param name="time">Bounds what may never end.</param>
    /// <param name="cancellationToken">Gives up beginning.</param>
    public static async Task<QueueConsumer> OpenAsync(
        IConnection connection, string queue, int prefetch, EnvelopeReader reader, ChannelWriter<RabbitMQDelivery> received, Action<QueueConsumer, Exception> ended, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(false, false, consumerDispatchConcurrency: 1), cancellationToken);
        var bounded = (ushort)Math.Min(prefetch, ushort.MaxValue);
        await channel.BasicQosAsync(0, bounded, global: false, cancellationToken);
        var consumer = new QueueConsumer(channel, bounded, reader, received, ended, time);
        channel.ChannelShutdownAsync += consumer.OnShutdownAsync;
        consumer.acknowledging = consumer.AcknowledgeAllAsync();
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer, cancellationToken);
        return consumer;
    }

    /// <summary>Whether nothing comes any more.</summary>
    public bool HasEnded => isClosing;

    /// <summary>Whether one of its deliveries may be handled. Whoever is told so settles it later.</summary>
    public bool TryTake()
    {
        lock (gate)
        {
            taken += isLeaving ? 0 : 1;
            return !isLeaving;
        }
    }

    /// <summary>Ends deliveries that were taken.</summary>
    /// <param name="tags">Their numbers.</param>
    /// <param name="isDone">Whether they are to be acknowledged. Others stay with the channel.</param>
    /// <returns>False if the channel is closed: they come again.</returns>
    public bool Settle(IReadOnlyList<ulong> tags, bool isDone)
    {
        lock (gate)
        {
            taken -= tags.Count;
            if (isLeaving && taken == 0)
            {
                idle.TrySetResult();
            }

            if (!isDone || isFlushing)
            {
                return !isDone;
            }

            unsettled.Settle(tags);
        }

        toAcknowledge.Set();
        return true;
    }

    /// <summary>
    /// Lets what was taken be settled, and ends the channel then, not before: the queue's next consumer begins behind it.
    /// </summary>
    public async Task LeaveAsync()
    {
        lock (gate)
        {
            isLeaving = true;
            if (taken == 0)
            {
                idle.TrySetResult();
            }
        }

        await idle.Task;
        await EndAsync();
    }

    /// <summary>
    /// Acknowledges what is settled, and ends the channel. Also when the consumer has ended by itself: its channel may still be open, and would stay the active one of its
    /// queue, for which the next one waits.
    /// </summary>
    /// <exception cref="MessagingException">The channel could not be closed.</exception>
    public async Task EndAsync()
    {
        await FlushAsync();
        isClosing = true;
        var end = CloseAsync();
        await ConnectionOpener.AtMostAsync(end, time);
        if (!end.IsCompletedSuccessfully)
        {
            throw new MessagingException("A channel to RabbitMQ could not be closed: the queue's next consumer would wait for ever.", end.Exception?.InnerException ?? new TimeoutException("RabbitMQ did not answer."));
        }
    }

    /// <summary>Acknowledges what is settled. Nothing can be settled any more.</summary>
    public async Task FlushAsync()
    {
        Flush();
        await ConnectionOpener.AtMostAsync(acknowledging, time);
    }

    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        if (isClosing)
        {
            return Task.CompletedTask; // It comes again, after those that have come before it: one of them may be why it closes.
        }

        try
        {
            unsettled.Add(deliveryTag);
            received.TryWrite(new RabbitMQDelivery(reader.Read(exchange, routingKey, properties, body), this, deliveryTag));
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

    private Task CloseAsync()
    {
        lock (gate)
        {
            return closing ??= CloseOnceAsync();
        }
    }

    private async Task CloseOnceAsync()
    {
        await Task.Yield(); // Not with the lock held.
        try
        {
            if (Channel.IsOpen)
            {
                await Channel.CloseAsync();
            }
        }
        finally
        {
            await Channel.DisposeAsync();
        }
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
            for (var isLast = false; !isLast;)
            {
                await toAcknowledge.WaitAsync(unsettled.Wait, CancellationToken.None);
                lock (gate)
                {
                    isLast = isFlushing;
                }

                await AcknowledgeAsync(all: isLast);
            }
        }
        catch (Exception exception)
        {
            Break(exception);
        }
    }

    private async Task AcknowledgeAsync(bool all)
    {
        var (upTo, single) = unsettled.Take(all);
        if (upTo is { } tag)
        {
            await Channel.BasicAckAsync(tag, multiple: true);
        }

        foreach (var each in single)
        {
            await Channel.BasicAckAsync(each, multiple: false);
        }
    }

    private void Flush()
    {
        lock (gate)
        {
            isFlushing = true;
        }

        toAcknowledge.Set();
    }

    private void Break(Exception exception)
    {
        Flush();
        idle.TrySetResult();
        if (!isClosing)
        {
            isClosing = true;
            ended(this, exception);
        }
    }
}
