using Confluent.Kafka;
using Messaging.Toolkit.Benchmarks.Shop;
using Messaging.Toolkit.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Benchmarks.Brokers.Kafka;

/// <summary>A topic on the cluster that <c>MESSAGING_TEST_KAFKA</c> names, and the consumer group of the toolkit's endpoint.</summary>
internal sealed class KafkaBroker : BenchmarkBroker
{
    private const string Variable = "MESSAGING_TEST_KAFKA";

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly string servers;
    private readonly string prefix;
    private readonly bool offsetsInDatabase;
    private readonly IConsumer<byte[], byte[]> reader;

    private KafkaBroker(string servers, string prefix, bool offsetsInDatabase)
    {
        this.offsetsInDatabase = offsetsInDatabase;
        this.servers = servers;
        this.prefix = prefix;
        reader = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = servers, GroupId = Group, EnableAutoCommit = false, EnablePartitionEof = true }).Build();
    }

    private string Topic => prefix + OrderPlaced.Name;

    private string Group => prefix + ShopHost.Endpoint;

    private IEnumerable<TopicPartition> Partitions
    {
        get
        {
            using var admin = new DependentAdminClientBuilder(reader.Handle).Build();
            return [.. admin.GetMetadata(Topic, Tally.Patience).Topics.Single().Partitions.Select(partition => new TopicPartition(Topic, partition.PartitionId))];
        }
    }

    public static Task<KafkaBroker> CreateAsync(bool offsetsInDatabase)
    {
        var servers = Environment.GetEnvironmentVariable(Variable)
                      ?? throw new InvalidOperationException($"{Variable} is not set, so there is no Kafka: run the benchmarks by eng/bench.");
        var broker = new KafkaBroker(servers, $"bench-{Guid.NewGuid():N}.", offsetsInDatabase);

        // In the cluster of eng/servers nobody can create topics, but one that a producer asks for is there from then on.
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        admin.GetMetadata(broker.Topic, Tally.Patience);
        admin.GetMetadata($"{broker.Group}.commands", Tally.Patience);
        return Task.FromResult(broker);
    }

    public override MessagingBuilder Connect(MessagingBuilder messaging) => messaging.UseKafka(kafka =>
    {
        kafka.BootstrapServers = servers;
        kafka.Prefix = prefix;
        kafka.OffsetsInDatabase = offsetsInDatabase;
    });

    /// <summary>The first message is sent before: until the client has found the cluster and may send takes it from 50 to 600 ms, longer than all the others.</summary>
    public override async Task<Func<Task>> PrepareToSendAsync(int messages)
    {
        var ready = Enumerable.Range(0, messages).Select(KafkaMessages.Create).ToList();
        var sender = new KafkaSender(servers, Topic);
        await sender.SendAsync(ready[..1]);
        return async () =>
        {
            using (sender)
            {
                await sender.SendAsync(ready[1..]);
            }
        };
    }

    public override Task<IBareConsumer> OpenConsumerAsync() => Task.FromResult<IBareConsumer>(KafkaConsumer.Open(servers, Group, Topic));

    public override async Task<int> WaitUntilFilledAsync(int messages)
    {
        var partitions = Partitions.ToList();
        using var timer = new PeriodicTimer(PollInterval);
        using var limit = new CancellationTokenSource(Tally.Patience);
        long count;
        while ((count = partitions.Sum(partition => reader.QueryWatermarkOffsets(partition, Tally.Patience).High.Value)) < messages)
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }

        return (int)count;
    }

    public override bool Keeps(int messages) => messages <= MessagesOfKafka;

    /// <summary>From where the group would go on to the end of each partition.</summary>
    public override async IAsyncEnumerable<ReceivedMessage> TakeAllAsync()
    {
        await Task.Yield();
        var partitions = Partitions.ToList();
        reader.Assign(reader.Committed(partitions, Tally.Patience).Select(next => next.Offset == Offset.Unset ? new TopicPartitionOffset(next.TopicPartition, Offset.Beginning) : next));
        for (var ended = 0; ended < partitions.Count;)
        {
            var record = reader.Consume(Tally.Patience) ?? throw new TimeoutException($"Nothing comes from the topic {Topic}.");
            if (record.IsPartitionEOF)
            {
                ended++;
                continue;
            }

            yield return KafkaReceivedMessage.Read(record);
        }

        reader.Unassign();
    }

    public override int HeaderBytesOf(int number) => KafkaMessages.HeaderBytes(KafkaMessages.Create(number).Headers);

    /// <summary>Topics and groups stay: the cluster of eng/servers has nobody to delete them, and is gone when the run is over.</summary>
    public override ValueTask DisposeAsync()
    {
        reader.Dispose();
        return ValueTask.CompletedTask;
    }
}
