using System.Threading.Channels;
using Messaging.Toolkit.RabbitMQ.Connections;
using Messaging.Toolkit.RabbitMQ.Topology;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.RabbitMQ.Sending;

/// <summary>
/// Publishes on one channel, with confirms and <c>mandatory</c>, without waiting for one before the next. The client's own tracking
/// of confirms costs a task, a dictionary entry and a header for each message; here it is a ring and a number.
/// </summary>
/// <remarks>
/// Messages of one key follow each other only when the one before is confirmed: one that the broker refuses would be overtaken
/// otherwise. Anything that goes wrong with the channel ends the sender: what it has not reported is sent again by the next one.
/// </remarks>
internal sealed class RabbitMQSender : ISender
{
    private const int MaxResults = 1000;

    /// <summary>After the queue and its bindings have been declared anew, a message has one more try.</summary>
    private const int RoutingAttempts = 2;

    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    private readonly IConnection connection;
    private readonly IChannel channel;
    private readonly BrokerTopology topology;
    private readonly BrokerLimits limits;
    private readonly RabbitMQOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Lock gate = new();
    private readonly ConfirmWindow window = new();
    private readonly KeyedMessages keys;
    private readonly Channel<SentMessage> ready = Channel.CreateUnbounded<SentMessage>(new() { SingleReader = true });
    private readonly Channel<SendResult> results = Channel.CreateUnbounded<SendResult>(new() { SingleReader = true });
    private readonly List<SentMessage> answered = [];
    private readonly ITimer watch;
    private volatile TaskCompletionSource? blocked;
    private volatile Exception? broken;
    private long lastProgress;
    private Task publishing = Task.CompletedTask;

    private RabbitMQSender(IConnection connection, IChannel channel, BrokerTopology topology, BrokerLimits limits, RabbitMQOptions options, TimeProvider time, ILogger logger)
    {
        this.connection = connection;
        this.channel = channel;
        this.topology = topology;
        this.limits = limits;
        this.options = options;
        this.time = time;
        this.logger = logger;
        keys = new KeyedMessages(options.UnconfirmedPerKey);
        lastProgress = time.GetTimestamp();
        watch = time.CreateTimer(static sender => ((RabbitMQSender)sender!).Watch(), this, WatchInterval, WatchInterval);
    }

    /// <summary>Opens a channel on a connection, which is the sender's from then on.</summary>
    public static async Task<RabbitMQSender> OpenAsync(
        IConnection connection, BrokerTopology topology, BrokerLimits limits, RabbitMQOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false), cancellationToken);
        var sender = new RabbitMQSender(connection, channel, topology, limits, options, time, logger);
        channel.BasicAcksAsync += sender.OnAckAsync;
        channel.BasicNacksAsync += sender.OnNackAsync;
        channel.BasicReturnAsync += sender.OnReturnAsync;
        channel.ChannelShutdownAsync += sender.OnShutdownAsync;
        connection.ConnectionShutdownAsync += sender.OnShutdownAsync;
        connection.ConnectionBlockedAsync += sender.OnBlockedAsync;
        connection.ConnectionUnblockedAsync += sender.OnUnblockedAsync;
        sender.publishing = sender.PublishAllAsync();
        return sender;
    }

    public ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            foreach (var message in messages)
            {
                Take(message);
            }
        }

        return broken is null ? ValueTask.CompletedTask : throw new MessagingException("The channel to RabbitMQ is closed.", broken);
    }

    public ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken) => results.Reader.ReadBatchAsync(MaxResults, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Break(new ObjectDisposedException(nameof(RabbitMQSender)));
        await watch.DisposeAsync();
        await ConnectionOpener.CloseAsync(connection, time);
        await ConnectionOpener.AtMostAsync(publishing, time);
    }

    /// <summary>Call with the lock held.</summary>
    private void Take(TransportMessage message)
    {
        var route = topology.RouteOf(message.Envelope);
        if (route is null)
        {
            Report(message.Token, SendStatus.Refused, $"its type '{message.Envelope.Type}' is not registered in this application any more");
            return;
        }

        var sent = new SentMessage(message, route);
        switch (keys.Add(sent))
        {
            case Admission.Publish:
                ready.Writer.TryWrite(sent);
                break;
            case Admission.GiveBack:
                Report(sent.Token, SendStatus.Returned);
                break;
            case Admission.Wait:
                break;
            default:
                throw new InvalidOperationException("Unknown admission.");
        }
    }

    /// <summary>Publishes what may be, as it comes: the one place that writes to the channel, so that its numbers are known.</summary>
    private async Task PublishAllAsync()
    {
        try
        {
            await Task.Yield();
            while (await NextAsync() is { } message)
            {
                if (blocked is { } until)
                {
                    await until.Task;
                }

                if (broken is not null)
                {
                    return;
                }

                await PublishAsync(message);
            }
        }
        catch (Exception exception)
        {
            Break(exception);
        }
    }

    /// <summary>Not ReadAllAsync, which goes on on the thread pool.</summary>
    private async Task<SentMessage?> NextAsync()
    {
        while (await ready.Reader.WaitToReadAsync())
        {
            if (ready.Reader.TryRead(out var message))
            {
                return message;
            }
        }

        return null;
    }

    private async Task PublishAsync(SentMessage message)
    {
        if (message.Unroutable > 0 && !message.HasComeBack)
        {
            // The queue may have been deleted while it was consumed.
            await topology.DeclareAllAsync(connection, CancellationToken.None);
        }

        var envelope = message.Message.Envelope;
        var properties = AmqpMessage.PropertiesOf(envelope);
        if (Refuse(message.Route, envelope.Body.Length, AmqpMessage.SizeOf(properties)) is { } reason)
        {
            Complete(message, SendStatus.Refused, reason);
            return;
        }

        lock (gate)
        {
            message.PublishedAt = time.GetTimestamp();
            window.Add(message);
        }

        // Without a token: a publish that is given up half way leaves the channel in no state to go on.
        await channel.BasicPublishAsync(message.Route.Exchange, message.Route.RoutingKey, mandatory: true, properties, envelope.Body, CancellationToken.None);
    }

    private string? Refuse(Route route, int body, int properties)
        => !(route.IsKnown && options.DeclareTopology) && limits.IsMissing(route.Exchange) ? $"there is no exchange '{route.Exchange}': its endpoint has never been started, or, if DeclareTopology is false, declare it"
            : body > limits.LargestBody ? $"its body has {body} bytes and the broker takes {limits.LargestBody} (max_message_size)"
            : connection.FrameMax > 0 && properties > connection.FrameMax ? $"its headers need up to {properties} bytes and must fit into one frame of {connection.FrameMax} (frame_max)"
            : null;

    private Task OnAckAsync(object sender, BasicAckEventArgs ack)
    {
        lock (gate)
        {
            Answer(ack.DeliveryTag, ack.Multiple, static (self, message) => self.OnConfirmed(message));
        }

        return Task.CompletedTask;
    }

    private Task OnNackAsync(object sender, BasicNackEventArgs nack)
    {
        lock (gate)
        {
            Answer(nack.DeliveryTag, nack.Multiple, static (self, message) => self.GiveBack(message));
        }

        return Task.CompletedTask;
    }

    /// <summary>It had no queue. The confirm, which follows, only says that this was found out.</summary>
    private Task OnReturnAsync(object sender, BasicReturnEventArgs returned)
    {
        lock (gate)
        {
            if (Guid.TryParse(returned.BasicProperties.MessageId, out var id) && window.Find(id) is { } message)
            {
                message.HasComeBack = true;
            }
        }

        return Task.CompletedTask;
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason)
    {
        limits.Learn(reason);
        Break(new MessagingException($"The channel to RabbitMQ was closed: {reason.ReplyCode} {reason.ReplyText}"));
        return Task.CompletedTask;
    }

    private Task OnBlockedAsync(object sender, ConnectionBlockedEventArgs why)
    {
        blocked ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        logger.Blocked(why.Reason);
        return Task.CompletedTask;
    }

    private Task OnUnblockedAsync(object sender, AsyncEventArgs args)
    {
        logger.Unblocked();
        Unblock();
        return Task.CompletedTask;
    }

    private void Unblock()
    {
        Volatile.Write(ref lastProgress, time.GetTimestamp());
        Interlocked.Exchange(ref blocked, null)?.TrySetResult();
    }

    /// <summary>Call with the lock held.</summary>
    private void Answer(ulong number, bool multiple, Action<RabbitMQSender, SentMessage> end)
    {
        Volatile.Write(ref lastProgress, time.GetTimestamp());
        window.Remove(number, multiple, answered);
        foreach (var message in answered)
        {
            end(this, message);
        }

        answered.Clear();
    }

    /// <summary>Call with the lock held.</summary>
    private void OnConfirmed(SentMessage message)
    {
        if (!message.HasComeBack || (message.Route.IsEvent && options.IgnoreUnroutableEvents))
        {
            Complete(message, SendStatus.Confirmed);
        }
        else if (++message.Unroutable < RoutingAttempts && options.DeclareTopology)
        {
            message.HasComeBack = false;
            ready.Writer.TryWrite(message);
        }
        else
        {
            Complete(message, SendStatus.Refused, message.Route.IsEvent
                ? $"no queue is bound to the exchange '{message.Route.Exchange}': nobody subscribes to it (IgnoreUnroutableEvents lets such events go)"
                : $"no queue is bound to the exchange '{message.Route.Exchange}': its endpoint has never been started");
        }
    }

    private void Complete(SentMessage message, SendStatus status, string? reason = null)
    {
        lock (gate)
        {
            Report(message.Token, status, reason);
            if (keys.Complete(message) is { } next)
            {
                ready.Writer.TryWrite(next);
            }
        }
    }

    /// <summary>Call with the lock held.</summary>
    private void GiveBack(SentMessage message)
    {
        Report(message.Token, SendStatus.Returned);
        foreach (var follower in keys.GiveBack(message))
        {
            Report(follower.Token, SendStatus.Returned);
        }
    }

    private void Report(long token, SendStatus status, string? reason = null) => results.Writer.TryWrite(new SendResult(token, status, reason));

    /// <summary>A broker that takes messages and confirms none is as good as gone.</summary>
    private void Watch()
    {
        lock (gate)
        {
            if (blocked is null && window.Oldest is { } oldest
                && time.GetElapsedTime(Math.Max(oldest.PublishedAt, Volatile.Read(ref lastProgress))) > options.ConfirmTimeout)
            {
                Break(new TimeoutException($"RabbitMQ has confirmed nothing for {options.ConfirmTimeout}, and does not say that it is busy."));
            }
        }
    }

    /// <summary>Nothing is published any more, and whoever reads the results is told why when he has read the last one.</summary>
    private void Break(Exception exception)
    {
        broken ??= exception;
        results.Writer.TryComplete(exception);
        ready.Writer.TryComplete();
        Unblock();
    }
}
