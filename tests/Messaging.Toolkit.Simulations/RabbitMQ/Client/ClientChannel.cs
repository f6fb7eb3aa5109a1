using Messaging.Toolkit.Simulations.Networks;
using Messaging.Toolkit.Simulations.RabbitMQ.Server;
using Messaging.Toolkit.Testing.Faults;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Toolkit.Simulations.RabbitMQ.Client;

/// <summary>The client's end of a channel. What it is asked to do it sends; what has an answer waits for it.</summary>
internal sealed partial class ClientChannel : IChannel
{
    /// <summary>Of the calls that wait for an answer something can happen to these.</summary>
    private const double Eventful = 0.15;

    private readonly ClientConnection connection;
    private readonly ServerChannel server;
    private readonly Dictionary<string, IAsyncBasicConsumer> consumers = new(StringComparer.Ordinal);
    private readonly List<Action<ShutdownEventArgs>> waiting = [];

    /// <summary>Consumers are called apart from the rest, and may lag behind it.</summary>
    private readonly Wire dispatch;

    private AsyncEventHandler<ShutdownEventArgs>? shutdown;

    public ClientChannel(ClientConnection connection, int number, bool confirms)
    {
        this.connection = connection;
        ChannelNumber = number;
        server = connection.Server.Open(this, confirms);
        dispatch = new Wire(Broker.World, connection.Server.Life.Lane, Broker.Random);
    }

    public event AsyncEventHandler<BasicAckEventArgs>? BasicAcksAsync;

    public event AsyncEventHandler<BasicNackEventArgs>? BasicNacksAsync;

    public event AsyncEventHandler<BasicReturnEventArgs>? BasicReturnAsync;

    public event AsyncEventHandler<ShutdownEventArgs>? ChannelShutdownAsync
    {
        add => Late.Add(ref shutdown, value, this, CloseReason);
        remove => shutdown -= value;
    }

    public int ChannelNumber { get; }

    public ShutdownEventArgs? CloseReason { get; private set; }

    public bool IsOpen => CloseReason is null;

    public bool IsClosed => !IsOpen;

    public Task OpenAsync(CancellationToken cancellationToken) => DoAsync(() => { }, cancellationToken);

    public ValueTask BasicPublishAsync<TProperties>(
        string exchange, string routingKey, bool mandatory, TProperties basicProperties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
        where TProperties : IReadOnlyBasicProperties, IAmqpHeader
    {
        var publication = new Publication(exchange, routingKey, mandatory, basicProperties, body);
        return TellAsync(Operation.Send, () => server.Publish(publication), cancellationToken);
    }

    public ValueTask BasicAckAsync(ulong deliveryTag, bool multiple, CancellationToken cancellationToken = default)
        => TellAsync(Operation.Settle, () => server.Acknowledge(deliveryTag, multiple, static (queue, message) => queue.Acknowledge(message)), cancellationToken);

    public ValueTask BasicNackAsync(ulong deliveryTag, bool multiple, bool requeue, CancellationToken cancellationToken = default)
        => TellAsync(Operation.Settle, () => server.Acknowledge(deliveryTag, multiple, requeue
            ? static (queue, message) => queue.Requeue(message)
            : static (queue, message) => queue.Acknowledge(message)), cancellationToken);

    public ValueTask BasicRejectAsync(ulong deliveryTag, bool requeue, CancellationToken cancellationToken = default)
        => BasicNackAsync(deliveryTag, multiple: false, requeue, cancellationToken);

    public Task BasicQosAsync(uint prefetchSize, ushort prefetchCount, bool global, CancellationToken cancellationToken = default)
        => global
            ? throw new NotSupportedException("The model has a prefetch of consumers only.")
            : DoAsync(() => server.SetPrefetch(prefetchCount), cancellationToken);

    public Task<string> BasicConsumeAsync(
        string queue, bool autoAck, string consumerTag, bool noLocal, bool exclusive, IDictionary<string, object?>? arguments, IAsyncBasicConsumer consumer,
        CancellationToken cancellationToken = default)
        => CallAsync(() => server.Consume(queue, consumerTag, autoAck), cancellationToken, tag =>
        {
            consumers.Add(tag, consumer);
            dispatch.Send(() => consumer.HandleBasicConsumeOkAsync(tag, cancellationToken));
        });

    public Task BasicCancelAsync(string consumerTag, bool noWait = false, CancellationToken cancellationToken = default)
        => DoAsync(() => server.Cancel(consumerTag), cancellationToken, () =>
        {
            if (consumers.Remove(consumerTag, out var consumer))
            {
                dispatch.Send(() => consumer.HandleBasicCancelOkAsync(consumerTag, cancellationToken));
            }
        });

    public Task CloseAsync(ushort replyCode, string replyText, bool abort, CancellationToken cancellationToken = default)
        => CloseAsync(new ShutdownEventArgs(ShutdownInitiator.Application, replyCode, replyText, cancellationToken: cancellationToken), abort, cancellationToken);

    public async Task CloseAsync(ShutdownEventArgs reason, bool abort, CancellationToken cancellationToken = default)
    {
        if (!IsOpen)
        {
            return;
        }

        await DoAsync(server.End, cancellationToken);
        Close(reason);
    }

    public void Dispose()
    {
        if (IsOpen)
        {
            Send(server.End);
            Close(new ShutdownEventArgs(ShutdownInitiator.Application, 200, "disposed"));
        }
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private RabbitBroker Broker => connection.Server.Broker;

    /// <summary>It is over, for the client.</summary>
    public void Close(ShutdownEventArgs reason)
    {
        if (!IsOpen)
        {
            return;
        }

        CloseReason = reason;
        foreach (var wait in waiting.ToList())
        {
            wait(reason);
        }

        foreach (var consumer in consumers.Values)
        {
            dispatch.Send(() => consumer.HandleChannelShutdownAsync(this, reason));
        }

        shutdown?.Invoke(this, reason);
    }

    public void OnAnswer(ulong number, bool multiple, bool isRefusal)
    {
        if (!IsOpen)
        {
            return;
        }

        if (isRefusal)
        {
            BasicNacksAsync?.Invoke(this, new BasicNackEventArgs(number, multiple, requeue: false));
        }
        else
        {
            BasicAcksAsync?.Invoke(this, new BasicAckEventArgs(number, multiple));
        }
    }

    public void OnReturned(Publication publication)
    {
        if (IsOpen)
        {
            BasicReturnAsync?.Invoke(this, new BasicReturnEventArgs(312, "NO_ROUTE", publication.Exchange, publication.RoutingKey, publication.Properties, publication.Body));
        }
    }

    /// <summary>The body is there until the consumer returns: the client's buffer is used again then.</summary>
    public void OnDelivered(string tag, ulong number, int returned, bool isQuorum, Publication publication)
    {
        if (!IsOpen || !consumers.TryGetValue(tag, out var consumer))
        {
            return;
        }

        var properties = publication.Properties;
        if (returned > 0 && isQuorum)
        {
            properties = new BasicProperties(properties) { Headers = new Dictionary<string, object?>(properties.Headers ?? new Dictionary<string, object?>()) { ["x-delivery-count"] = (long)returned } };
        }

        dispatch.Send(() =>
        {
            var buffer = publication.Body.ToArray();
            consumer.HandleBasicDeliverAsync(tag, number, returned > 0, publication.Exchange, publication.RoutingKey, properties, buffer);
            Array.Clear(buffer);
        });
    }

    public void OnCancelled(string tag)
    {
        if (IsOpen && consumers.Remove(tag, out var consumer))
        {
            dispatch.Send(() => consumer.HandleBasicCancelAsync(tag));
        }
    }

    /// <summary>Sends something that has no answer.</summary>
    private async ValueTask TellAsync(Operation operation, Action method, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        await connection.Server.Life.EnterAsync(operation);
        await using (cancellationToken.UnsafeRegister(_ => connection.Server.ToBroker.LetGo(), null))
        {
            await connection.Server.ToBroker.RoomAsync();
        }

        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfClosed();
        Send(method);
    }

    private void Send(Action method) => connection.Server.ToBroker.Send(() => server.Handle(method));

    /// <summary>Sends something that is answered when it is done, and waits for that.</summary>
    private Task DoAsync(Action method, CancellationToken cancellationToken, Action? done = null)
        => CallAsync(() =>
        {
            method();
            return true;
        }, cancellationToken, _ => done?.Invoke());

    /// <summary>Sends something that has an answer, and waits for it.</summary>
    private async Task<T> CallAsync<T>(Func<T> method, CancellationToken cancellationToken, Action<T>? answered = null)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var fail = new Action<ShutdownEventArgs>(reason => answer.TrySetException(new OperationInterruptedException(reason)));
        ThrowIfClosed();

        // There are a dozen such calls for each connection: if something happened at each of them it would happen nowhere else.
        var isEventful = Broker.Random.Chance(Eventful);
        if (isEventful)
        {
            await connection.Server.Life.EnterAsync(Operation.Declare);
            ThrowIfClosed();
        }

        Send(() =>
        {
            var result = method();
            connection.Server.ToClient.Send(() =>
            {
                if (IsOpen)
                {
                    answered?.Invoke(result);
                    answer.TrySetResult(result);
                }
            });
            if (isEventful)
            {
                server.BreakMaybe(Operation.Declare);
            }
        });
        waiting.Add(fail);
        await using var registration = cancellationToken.UnsafeRegister((_, token) => answer.TrySetCanceled(token), null);
        try
        {
            return await answer.Task;
        }
        finally
        {
            waiting.Remove(fail);
        }
    }

    private void ThrowIfClosed()
    {
        if (CloseReason is { } reason)
        {
            throw new AlreadyClosedException(reason);
        }
    }
}
