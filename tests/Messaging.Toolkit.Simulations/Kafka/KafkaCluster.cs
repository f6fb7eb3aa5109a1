using Confluent.Kafka;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Kafka.Topics;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Simulations.Kafka.Client;
using Messaging.Toolkit.Simulations.Kafka.Server;
using Messaging.Toolkit.Simulations.Networks;
using Messaging.Toolkit.Testing.Brokers;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Kafka;

/// <summary>
/// Kafka, as far as its clients see it: servers that lead partitions, producers whose messages are kept in their order, groups, and everything
/// that happens to them. The transport of production runs on it, over clients that behave as the real ones do and have no threads.
/// </summary>
internal sealed class KafkaCluster : ISimulatedBroker, ITopicAdmin
{
    private const int Servers = 3;

    private static readonly TimeSpan LongestToNotice = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LongestElection = TimeSpan.FromSeconds(2);

    private readonly List<KafkaServer> servers;
    private readonly Dictionary<string, List<PartitionLog>> topics = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ConsumerGroup> groups = new(StringComparer.Ordinal);
    private readonly List<SimulatedClient> clients = [];
    private MessagingModel? model;
    private long producers;

    public KafkaCluster(World world, Lane lane, ClusterOptions options)
    {
        World = world;
        Lane = lane;
        Options = options;
        Random = SeededRandom.For(world.Seed, "kafka");
        servers = [.. Enumerable.Range(1, Servers).Select(number => new KafkaServer(this, number))];
    }

    public World World { get; }

    /// <summary>Its own.</summary>
    public Lane Lane { get; }

    public SeededRandom Random { get; }

    public ClusterOptions Options { get; }

    public bool IsDrained => !groups.Values.Any(group => group.Behind.Any());

    public string Left => string.Join(", ", groups.Values.SelectMany(group => group.Behind, (group, partition) => $"{partition} for {group}"));

    /// <summary>Whether there is nobody to talk to.</summary>
    public bool IsDown => !servers.Exists(server => server.IsUp);

    public IReadOnlyList<string> EndpointsOf(string destination, MessageEnvelope envelope)
        => envelope.Recipient is { } endpoint ? [endpoint] : model!.SubscribersOf(model.Registry.Find(envelope.Type)!);

    public void Serve(IServiceCollection services, NodeLife life, Action<string, string> report)
    {
        model = NodeServices.Model(services);
        ProductionTransports.Serve(services, model, (messaging, prefix) => messaging.UseKafka(kafka =>
        {
            Options.Apply(kafka);
            kafka.Clients = new SimulatedClients(this, life, kafka);
            kafka.Prefix = prefix;
        }));
    }

    public int OpenConnections(NodeLife life) => clients.Count(client => client.Life == life);

    public void Opened(SimulatedClient client) => clients.Add(client);

    public void Closed(SimulatedClient client) => clients.Remove(client);

    /// <summary>Tells all clients that they are of no use any more, as the library does when it gives up.</summary>
    public void BreakConnections() => clients.ToList().ForEach(client => client.Break("broken by a test"));

    /// <summary>The number of another producer.</summary>
    public long NextProducer() => ++producers;

    public IReadOnlyDictionary<string, string?> List() => topics.Keys.ToDictionary(name => name, _ => (string?)null);

    public IReadOnlyDictionary<string, string> Create(IReadOnlyCollection<TopicPlan> plans)
    {
        foreach (var plan in plans)
        {
            topics.Add(plan.Name, [.. Enumerable.Range(0, plan.Options.Partitions).Select(number => new PartitionLog(this, new TopicPartition(plan.Name, number)))]);
        }

        ElectMissing();
        return new Dictionary<string, string>();
    }

    public IReadOnlyList<PartitionLog> LogsOf(string topic) => topics.GetValueOrDefault(topic) ?? [];

    public PartitionLog Find(TopicPartition partition) => topics[partition.Topic][partition.Partition.Value];

    public ConsumerGroup GroupOf(string name)
    {
        if (!groups.TryGetValue(name, out var group))
        {
            groups.Add(name, group = new ConsumerGroup(this, name));
        }

        return group;
    }

    /// <summary>Who coordinates groups; null if nobody is there to do it.</summary>
    public KafkaServer? Coordinator => servers.Find(server => server.IsUp);

    /// <summary>Something happens in the cluster a moment later.</summary>
    public void Later(Action action)
    {
        var delay = Latency.Next(Random);
        if (delay == TimeSpan.Zero)
        {
            World.Post(Lane, action);
        }
        else
        {
            World.Schedule(Lane, delay, action);
        }
    }

    /// <summary>A server has died: others lead what it has led, after a time.</summary>
    public void Died(KafkaServer server)
    {
        foreach (var log in topics.Values.SelectMany(logs => logs).Where(log => log.Leader == server))
        {
            log.Elect(null);
        }

        foreach (var group in groups.Values)
        {
            group.Move();
        }

        World.Schedule(Lane, Random.Between(TimeSpan.Zero, LongestElection), ElectMissing);
    }

    /// <summary>Elects leaders where there are none, if there is anybody to elect.</summary>
    public void ElectMissing()
    {
        var up = servers.Where(server => server.IsUp).ToList();
        foreach (var log in topics.Values.SelectMany(logs => logs).Where(log => log.Leader is null && up.Count > 0))
        {
            log.Elect(Random.Pick(up));
        }
    }

    /// <summary>How long a client does not know that a connection is broken: mostly not at all, sometimes for seconds.</summary>
    public TimeSpan TimeToNotice() => Random.Chance(0.7) ? Latency.Next(Random) : Random.Between(TimeSpan.Zero, LongestToNotice);

    public Guid NewId() => new([.. BitConverter.GetBytes(Random.Next()), .. BitConverter.GetBytes(Random.Next())]);

    public void Note(string what, Guid? message = null) => World.Trace.Add(World.Now, "kafka", what, message);
}
