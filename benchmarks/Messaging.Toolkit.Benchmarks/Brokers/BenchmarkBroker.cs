using Messaging.Toolkit.Benchmarks.Shop;
using Messaging.Toolkit.RabbitMQ;
using RabbitMQ.Client;

namespace Messaging.Toolkit.Benchmarks.Brokers;

/// <summary>
/// A queue of one sample's own on the broker that <c>MESSAGING_TEST_RABBITMQ</c> names, empty when created and gone when
/// disposed. It is the quorum queue that the toolkit declares for its endpoint, bound to the exchange of its event: with one that is
/// different the toolkit would not start.
/// </summary>
internal sealed class BenchmarkBroker : IAsyncDisposable
{
    private const string Variable = "MESSAGING_TEST_RABBITMQ";

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly ConnectionFactory factory;
    private readonly string prefix;
    private readonly IConnection connection;
    private readonly IChannel channel;

    private BenchmarkBroker(ConnectionFactory factory, string prefix, IConnection connection, IChannel channel)
    {
        this.factory = factory;
        this.prefix = prefix;
        this.connection = connection;
        this.channel = channel;
    }

    public string Exchange => prefix + OrderPlaced.Name;

    public string Queue => prefix + ShopHost.Endpoint;

    private string DeadLetters => prefix + "dead-letters";

    public static async Task<BenchmarkBroker> CreateAsync()
    {
        var uri = Environment.GetEnvironmentVariable(Variable)
                  ?? throw new InvalidOperationException($"{Variable} is not set, so there is no RabbitMQ: run the benchmarks by eng/bench.");
        var factory = new ConnectionFactory { Uri = new Uri(uri), AutomaticRecoveryEnabled = false };
        var connection = await factory.CreateConnectionAsync();
        var broker = new BenchmarkBroker(factory, $"bench-{Guid.NewGuid():N}.", connection, await connection.CreateChannelAsync());
        await broker.DeclareAsync();
        return broker;
    }

    /// <summary>Points the toolkit at this queue.</summary>
    public void Configure(RabbitMQOptions options)
    {
        options.Uri = factory.Uri;
        options.Prefix = prefix;
    }

    /// <summary>A connection for what is measured without the toolkit.</summary>
    public Task<IConnection> ConnectAsync() => factory.CreateConnectionAsync();

    /// <summary>Puts messages into the queue, as the toolkit would.</summary>
    public async Task FillAsync(int messages)
    {
        await using var filling = await ConnectAsync();
        await BareSender.SendAsync(filling, Exchange, BrokerMessage.CreateMany(messages));
    }

    /// <summary>Waits until as many messages are in the queue.</summary>
    public async Task WaitUntilFilledAsync(int messages)
    {
        using var timer = new PeriodicTimer(PollInterval);
        using var limit = new CancellationTokenSource(Tally.Patience);
        while (await channel.MessageCountAsync(Queue, limit.Token) < messages)
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    /// <summary>
    /// Takes all messages out of the queue. A marker is put behind them: it comes when everything has come that was in the queue,
    /// and what its last consumer has left unacknowledged.
    /// </summary>
    public async IAsyncEnumerable<ReceivedMessage> TakeAllAsync()
    {
        await using var taking = await ConnectAsync();
        var marker = BrokerMessage.Create(OrderPlaced.Marker);
        await channel.BasicPublishAsync("", Queue, mandatory: true, marker.Properties, marker.Body);
        var consumer = await BareConsumer.OpenAsync(taking, Queue);
        while (true)
        {
            var group = await consumer.ReceiveAsync(BareConsumer.Prefetch);
            await consumer.AcknowledgeUpToAsync(group[^1]);
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

    /// <summary>Checks that nothing is left in the queue.</summary>
    public async Task VerifyEmptyAsync() => Check.Equal(0, await TakeAllAsync().CountAsync(), "messages in the queue");

    public async ValueTask DisposeAsync()
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
