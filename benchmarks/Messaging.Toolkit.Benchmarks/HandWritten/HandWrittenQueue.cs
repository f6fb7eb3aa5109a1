using System.Text.Json;
using Messaging.Toolkit.Benchmarks.Brokers.RabbitMQ;
using Messaging.Toolkit.Benchmarks.Shop;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>
/// Consumes from RabbitMQ: the client calls as many handlers at once as the endpoint of the toolkit has workers, and each message is acknowledged when it is handled.
/// What it does not guarantee: the order of a key, since two of its messages can be handled at once; retries and dead letters, since here the first error ends the run,
/// and in an application would leave the message unacknowledged or in an endless loop; another channel when this one is closed.
/// </summary>
internal sealed class HandWrittenQueue : IAsyncDisposable
{
    private const ushort Prefetch = 300;

    private readonly TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IConnection connection;
    private readonly IChannel channel;
    private string consumerTag = "";
    private int remaining;

    private HandWrittenQueue(IConnection connection, IChannel channel, int expected)
    {
        this.connection = connection;
        this.channel = channel;
        remaining = expected;
    }

    public static async Task<HandWrittenQueue> OpenAsync(RabbitMQBroker broker, int expected, Func<Guid, OrderPlaced, Task> handle)
    {
        var connection = await broker.ConnectAsync();
        var options = new CreateChannelOptions(publisherConfirmationsEnabled: false, publisherConfirmationTrackingEnabled: false, consumerDispatchConcurrency: Workers.Count);
        var channel = await connection.CreateChannelAsync(options);
        var queue = new HandWrittenQueue(connection, channel, expected);
        await queue.ConsumeAsync(broker.Queue, handle);
        return queue;
    }

    public Task AllAcknowledgedAsync() => all.Task.WaitAsync(Tally.Patience);

    /// <summary>Stops in order: what RabbitMQ has not passed on to a quorum queue when a connection just ends is forgotten, acknowledgements, too.</summary>
    public async ValueTask DisposeAsync()
    {
        await channel.BasicCancelAsync(consumerTag);
        await channel.CloseAsync();
        await connection.DisposeAsync();
    }

    private async Task ConsumeAsync(string queue, Func<Guid, OrderPlaced, Task> handle)
    {
        await channel.BasicQosAsync(0, Prefetch, global: false);
        channel.CallbackExceptionAsync += (_, failure) => FailAsync(failure.Exception);
        channel.ChannelShutdownAsync += (_, reason) => FailAsync(new InvalidOperationException($"The channel was closed: {reason.ReplyText}."));

        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            var order = JsonSerializer.Deserialize<OrderPlaced>(delivery.Body.Span, JsonSerializerOptions.Web)!;
            await handle(Guid.Parse(delivery.BasicProperties.MessageId!), order);
            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
            if (Interlocked.Decrement(ref remaining) == 0)
            {
                all.TrySetResult();
            }
        };
        consumerTag = await channel.BasicConsumeAsync(queue, autoAck: false, consumer);
    }

    private Task FailAsync(Exception exception)
    {
        all.TrySetException(exception);
        return Task.CompletedTask;
    }
}
