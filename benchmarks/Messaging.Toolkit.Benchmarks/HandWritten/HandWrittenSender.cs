using Messaging.Toolkit.Benchmarks.Brokers.RabbitMQ;
using RabbitMQ.Client;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>
/// Sends a batch to RabbitMQ: all are published, then all confirms awaited. What it does not guarantee: one refused or returned message fails the whole batch, and
/// nothing opens the channel again when it is closed.
/// </summary>
internal sealed class HandWrittenSender : IAsyncDisposable
{
    private readonly IConnection connection;
    private readonly IChannel channel;
    private readonly string exchange;

    private HandWrittenSender(IConnection connection, IChannel channel, string exchange)
    {
        this.connection = connection;
        this.channel = channel;
        this.exchange = exchange;
    }

    /// <summary>The batch is what limits the messages under way, and not the client, which would keep them at 128.</summary>
    public static async Task<HandWrittenSender> OpenAsync(RabbitMQBroker broker)
    {
        var connection = await broker.ConnectAsync();
        var options = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, outstandingPublisherConfirmationsRateLimiter: null);
        return new HandWrittenSender(connection, await connection.CreateChannelAsync(options), broker.Exchange);
    }

    public Task SendAsync(IReadOnlyList<OutboxMessage> batch) => Task.WhenAll(batch.Select(SendAsync).ToList());

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private Task SendAsync(OutboxMessage message)
    {
        var properties = new BasicProperties
        {
            DeliveryMode = DeliveryModes.Persistent,
            ContentType = "application/json",
            MessageId = message.MessageId.ToString(),
            Type = message.Type,
        };
        return channel.BasicPublishAsync(exchange, message.Type, mandatory: true, properties, message.Payload).AsTask();
    }
}
