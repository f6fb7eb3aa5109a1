using Messaging.Toolkit.Benchmarks.Shop;
using Messaging.Toolkit.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;

namespace Messaging.Toolkit.Benchmarks.Brokers.RabbitMQ;

/// <summary>
/// A queue of one sample's own on the broker that <c>MESSAGING_TEST_RABBITMQ</c> names, empty when created and gone when
/// disposed. It is the quorum queue that the toolkit declares for its endpoint, bound to the exchange of its event: with one that is
/// different the toolkit would not start.
/// </summary>
internal sealed class RabbitMQBroker : BenchmarkBroker
{
    private const string Variable = "MESSAGING_TEST_RABBITMQ";

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly ConnectionFactory factory;
    private readonly string prefix;
    private readonly IConnection connection;
    private readonly IChannel channel;

    private RabbitMQBroker(ConnectionFactory factory, string prefix, IConnection connection, IChannel channel)
    {
        this.factory = factory;
        this.prefix = prefix;
        this.connection = connection;
        this.channel = channel;
    }

    public string Exchange => prefix + OrderPlaced.Name;

    public string Queue => prefix + ShopHost.Endpoint;

    private string DeadLetters => prefix + "dead-letters";

    public static async Task<RabbitMQBroker> CreateAsync()
    {
        var uri = Environment.GetEnvironmentVariable(Variable)
                  ?? throw new InvalidOperationException($"{Variable} is not set, so there is no RabbitMQ: run the benchmarks by eng/bench.");
        var factory = new ConnectionFactory { Uri = new Uri(uri), AutomaticRecoveryEnabled = false };
        var connection = await factory.CreateConnectionAsync();
        var broker = new RabbitMQBroker(factory, $"bench-{Guid.NewGuid():N}.", connection, await connection.CreateChannelAsync());
        await broker.DeclareAsync();
        return broker;
    }

    /// <summary>A new connection for a bare client.</summary>
    public Task<IConnection> ConnectAsync() => factory.CreateConnectionAsync();

    public override MessagingBuilder Connect(MessagingBuilder messaging) => messaging.UseRabbitMQ(rabbit =>
    {
        rabbit.Uri = factory.Uri;
        rabbit.Prefix = prefix;
    });

    public override async Task<Func<Task>> PrepareToSendAsync(int messages)
    {
        var ready = RabbitMQMessage.CreateMany(messages);
        var sending = await ConnectAsync();
        return async () =>
        {
            await using (sending)
            {
                await RabbitMQSender.SendAsync(sending, Exchange, ready);
            }
        };
    }

    public override async Task<IBareConsumer> OpenConsumerAsync() => await RabbitMQConsumer.OpenAsync(await ConnectAsync(), Queue);

    public override int HeaderBytesOf(int number) => RabbitMQMessage.HeaderBytes(RabbitMQMessage.Create(number).Properties);

    public override async Task<int> WaitUntilFilledAsync(int messages)
    {
        using var timer = new PeriodicTimer(PollInterval);
        using var limit = new CancellationTokenSource(Tally.Patience);
        uint count;
        while ((count = await channel.MessageCountAsync(Queue, limit.Token)) < messages)
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }

        return (int)count;
    }

    /// <summary>A marker is put behind them: it comes when everything has come that was in the queue.</summary>
    public override async IAsyncEnumerable<ReceivedMessage> TakeAllAsync()
    {
        var marker = RabbitMQMessage.Create(OrderPlaced.Marker);
        await channel.BasicPublishAsync("", Queue, mandatory: true, marker.Properties, marker.Body);
        await using var consumer = await OpenConsumerAsync();
        while (true)
        {
            var group = await consumer.ReceiveAsync(RabbitMQConsumer.Prefetch);
            await consumer.AcknowledgeAsync(group);
            foreach (var message in group)
            {
                if (message.Order.Number == OrderPlaced.Marker)
                {
                    yield break;
                }

                yield return message;
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await channel.QueueDeleteAsync(Queue);
        await channel.QueueDeleteAsync(DeadLetters);
        await channel.ExchangeDeleteAsync(Exchange);
        await channel.ExchangeDeleteAsync(DeadLetters);
        await connection.DisposeAsync();
    }

    private async Task DeclareAsync()
    {
        await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>
        {
            ["x-queue-type"] = "quorum",
            ["x-single-active-consumer"] = true,
            ["x-dead-letter-exchange"] = DeadLetters,
        });
        await channel.QueueBindAsync(Queue, Exchange, "#");
    }
}
