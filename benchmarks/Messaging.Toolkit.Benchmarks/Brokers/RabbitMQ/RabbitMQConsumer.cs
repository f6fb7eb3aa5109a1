using System.Text.Json;
using System.Threading.Channels;
using Messaging.Toolkit.Benchmarks.Shop;
using RabbitMQ.Client;

namespace Messaging.Toolkit.Benchmarks.Brokers.RabbitMQ;

/// <summary>Consumes with RabbitMQ.Client: a group is acknowledged with one word.</summary>
internal sealed class RabbitMQConsumer : AsyncDefaultBasicConsumer, IBareConsumer
{
    public const ushort Prefetch = 2_000;

    private readonly IConnection connection;
    private readonly Channel<ReceivedMessage> received = System.Threading.Channels.Channel.CreateUnbounded<ReceivedMessage>(new() { SingleReader = true, SingleWriter = true });

    private RabbitMQConsumer(IConnection connection, IChannel channel) : base(channel) => this.connection = connection;

    /// <summary>Begins to consume, on a connection that is its own from now on.</summary>
    public static async Task<RabbitMQConsumer> OpenAsync(IConnection connection, string queue)
    {
        var channel = await connection.CreateChannelAsync();
        await channel.BasicQosAsync(0, Prefetch, global: false);
        var consumer = new RabbitMQConsumer(connection, channel);
        channel.ChannelShutdownAsync += (_, reason) => consumer.FailAsync($"The channel was closed: {reason.ReplyText}.");
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer);
        return consumer;
    }

    public async Task<List<ReceivedMessage>> ReceiveAsync(int max)
    {
        var group = new List<ReceivedMessage> { await received.Reader.ReadAsync().AsTask().WaitAsync(Tally.Patience) };
        while (group.Count < max && received.Reader.TryRead(out var message))
        {
            group.Add(message);
        }

        return group;
    }

    public Task AcknowledgeAsync(IReadOnlyList<ReceivedMessage> group) => Channel.BasicAckAsync(((RabbitMQReceivedMessage)group[^1]).Tag, multiple: true).AsTask();

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        received.Writer.TryWrite(new RabbitMQReceivedMessage(deliveryTag, properties, JsonSerializer.Deserialize<OrderPlaced>(body.Span, JsonSerializerOptions.Web)!));
        return Task.CompletedTask;
    }

    private Task FailAsync(string why)
    {
        received.Writer.TryComplete(new InvalidOperationException(why));
        return Task.CompletedTask;
    }
}
