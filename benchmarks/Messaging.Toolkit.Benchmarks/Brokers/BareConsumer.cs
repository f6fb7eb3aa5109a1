using System.Text.Json;
using System.Threading.Channels;
using Messaging.Toolkit.Benchmarks.Shop;
using RabbitMQ.Client;

namespace Messaging.Toolkit.Benchmarks.Brokers;

/// <summary>Consumes with the bare client: what has come is taken as a group, and acknowledged with one word.</summary>
internal sealed class BareConsumer : AsyncDefaultBasicConsumer
{
    public const ushort Prefetch = 2_000;

    private readonly Channel<ReceivedMessage> received = System.Threading.Channels.Channel.CreateUnbounded<ReceivedMessage>(new() { SingleReader = true, SingleWriter = true });

    private BareConsumer(IChannel channel) : base(channel)
    {
    }

    /// <summary>Begins to consume, on a channel that ends with its connection.</summary>
    public static async Task<BareConsumer> OpenAsync(IConnection connection, string queue)
    {
        var channel = await connection.CreateChannelAsync();
        await channel.BasicQosAsync(0, Prefetch, global: false);
        var consumer = new BareConsumer(channel);
        channel.ChannelShutdownAsync += (_, reason) => consumer.FailAsync($"The channel was closed: {reason.ReplyText}.");
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer);
        return consumer;
    }

    /// <summary>Waits for a message, and takes what else is there.</summary>
    public async Task<List<ReceivedMessage>> ReceiveAsync(int max)
    {
        var group = new List<ReceivedMessage> { await received.Reader.ReadAsync().AsTask().WaitAsync(Tally.Patience) };
        while (group.Count < max && received.Reader.TryRead(out var message))
        {
            group.Add(message);
        }

        return group;
    }

    public ValueTask AcknowledgeUpToAsync(ReceivedMessage message) => Channel.BasicAckAsync(message.Tag, multiple: true);

    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        received.Writer.TryWrite(new ReceivedMessage(deliveryTag, properties, JsonSerializer.Deserialize<OrderPlaced>(body.Span, JsonSerializerOptions.Web)!));
        return Task.CompletedTask;
    }

    private Task FailAsync(string why)
    {
        received.Writer.TryComplete(new InvalidOperationException(why));
        return Task.CompletedTask;
    }
}
