using System.Text.Json;
using Messaging.Toolkit.Benchmarks.Shop;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.Benchmarks.Brokers.RabbitMQ;

/// <summary>From a bare client that publishes one message after another, each confirmed, to one that acknowledges each as it is delivered, and notes it.</summary>
internal sealed class RabbitMQPath : IAsyncDisposable
{
    private readonly RabbitMQBroker broker;
    private readonly IConnection connection;
    private readonly IChannel publishing;
    private readonly IChannel consuming;
    private string consumerTag = "";

    private RabbitMQPath(RabbitMQBroker broker, IConnection connection, IChannel publishing, IChannel consuming)
    {
        this.broker = broker;
        this.connection = connection;
        this.publishing = publishing;
        this.consuming = consuming;
    }

    /// <param name="broker">Where.</param>
    /// <param name="tally">Notes each message.</param>
    /// <param name="aroundAsync">What is done with its id, and calls what notes it.</param>
    public static async Task<RabbitMQPath> OpenAsync(RabbitMQBroker broker, Tally tally, Func<Guid, Action, Task>? aroundAsync = null)
    {
        var connection = await broker.ConnectAsync();
        var publishing = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        var path = new RabbitMQPath(broker, connection, publishing, await connection.CreateChannelAsync());
        await path.ConsumeAsync(tally, aroundAsync);
        return path;
    }

    /// <summary>Returns when the message is confirmed, which may be after it was delivered.</summary>
    public async Task PublishAsync(int number)
    {
        var message = RabbitMQMessage.Create(number);
        await publishing.BasicPublishAsync(broker.Exchange, message.RoutingKey, mandatory: true, message.Properties, message.Body);
    }

    public async ValueTask DisposeAsync()
    {
        await consuming.BasicCancelAsync(consumerTag);
        await consuming.CloseAsync();
        await connection.DisposeAsync();
    }

    private async Task ConsumeAsync(Tally tally, Func<Guid, Action, Task>? aroundAsync)
    {
        var consumer = new AsyncEventingBasicConsumer(consuming);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            var order = JsonSerializer.Deserialize<OrderPlaced>(delivery.Body.Span, JsonSerializerOptions.Web)!;
            await consuming.BasicAckAsync(delivery.DeliveryTag, multiple: false); // First, since whoever waits for the last message closes the channel.
            if (aroundAsync is null)
            {
                tally.Handle(order);
                return;
            }

            await aroundAsync(Guid.Parse(delivery.BasicProperties.MessageId!), () => tally.Handle(order));
        };
        consumerTag = await consuming.BasicConsumeAsync(broker.Queue, autoAck: false, consumer);
    }
}
