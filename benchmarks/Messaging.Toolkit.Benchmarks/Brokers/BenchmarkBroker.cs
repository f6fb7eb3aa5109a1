using Messaging.Toolkit.Benchmarks.Shop;
using Messaging.Toolkit.Configuration;

namespace Messaging.Toolkit.Benchmarks.Brokers;

/// <summary>
/// What one sample has of a broker: a queue of its own, with what else the toolkit needs there, empty when created and gone when disposed. And its
/// bare client, which floors are measured with.
/// </summary>
internal abstract class BenchmarkBroker : IAsyncDisposable
{
    /// <summary>As many as are sure to be kept: the cluster of eng/servers has no more than 5 MiB of each of its 4 partitions.</summary>
    public const int MessagesOfKafka = 20_000;

    /// <param name="transport">Which broker.</param>
    /// <param name="offsetsInDatabase">Whether the toolkit has its positions in the database; of Kafka alone.</param>
    public static async Task<BenchmarkBroker> CreateAsync(string transport, bool offsetsInDatabase = false)
        => transport == TransportNames.Kafka ? await Kafka.KafkaBroker.CreateAsync(offsetsInDatabase) : await RabbitMQ.RabbitMQBroker.CreateAsync();

    /// <summary>For what is measured with a broker and without: none in the process.</summary>
    public static async Task<BenchmarkBroker?> CreateUnlessInProcessAsync(string transport)
        => transport == TransportNames.InProcess ? null : await CreateAsync(transport);

    /// <summary>Points the toolkit at this queue.</summary>
    public abstract MessagingBuilder Connect(MessagingBuilder messaging);

    /// <summary>Makes messages as the toolkit sends them, ready in memory.</summary>
    /// <returns>What sends them by the bare client, over a new connection, and waits until all are confirmed.</returns>
    public abstract Task<Func<Task>> PrepareToSendAsync(int messages);

    /// <summary>Begins to consume by the bare client, over a new connection.</summary>
    public abstract Task<IBareConsumer> OpenConsumerAsync();

    /// <summary>Whether so many messages stay in the queue until they are taken.</summary>
    public virtual bool Keeps(int messages) => true;

    /// <summary>Waits until as many messages have come to the queue. Returns how many they are.</summary>
    public abstract Task<int> WaitUntilFilledAsync(int messages);

    /// <summary>Takes all messages out of the queue, those among them that its last consumer has left unacknowledged.</summary>
    public abstract IAsyncEnumerable<ReceivedMessage> TakeAllAsync();

    /// <summary>How long the names and values of the headers of a message are, if it is sent by <see cref="PrepareToSendAsync"/>.</summary>
    public abstract int HeaderBytesOf(int number);

    public abstract ValueTask DisposeAsync();

    /// <summary>Checks that nothing is left in the queue.</summary>
    public async Task VerifyEmptyAsync() => Check.Equal(0, await TakeAllAsync().CountAsync(), "messages in the queue");
}
