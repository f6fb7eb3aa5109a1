using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Simulations.Networks;
using Messaging.Toolkit.Simulations.RabbitMQ.Server;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Testing.Brokers;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Toolkit.Simulations.RabbitMQ;

/// <summary>
/// RabbitMQ, as far as its clients see it: exchanges, queues, channels and connections, and everything that happens to them. The
/// transport of production runs on it, over a client that has the interfaces of the real one and no network.
/// </summary>
internal sealed class RabbitBroker : ISimulatedBroker
{
    private static readonly TimeSpan HeartbeatCheck = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan BetweenDeletions = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestToNotice = TimeSpan.FromSeconds(8);

    private readonly RunOptions options;
    private readonly Dictionary<string, AmqpExchange> exchanges = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AmqpQueue> queues = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> deletedAt = new(StringComparer.Ordinal);
    private readonly List<ServerConnection> connections = [];
    private MessagingModel? model;
    private TimeSpan downUntil;
    private TimeSpan shortUntil;
    private int named;

    public RabbitBroker(World world, Lane lane, FaultRates rates)
    {
        World = world;
        Lane = lane;
        Random = SeededRandom.For(world.Seed, "rabbitmq");
        options = RunOptions.For(world.Seed, rates);
    }

    public World World { get; }

    /// <summary>Its own.</summary>
    public Lane Lane { get; }

    public SeededRandom Random { get; }

    public bool IsDrained => queues.Values.All(queue => queue.IsEmpty);

    public string Left => string.Join(", ", queues.Values.Where(queue => !queue.IsEmpty));

    /// <summary>How much longer it reads nothing from who publishes; null if it does.</summary>
    public TimeSpan? ShortFor => shortUntil > World.Now ? shortUntil - World.Now : null;

    /// <summary>Whether there may be channels on which nothing is ever confirmed again: who sends notices that soon.</summary>
    public bool MayBeSilent => options.IsImpatient;

    public IReadOnlyList<string> EndpointsOf(string destination, MessageEnvelope envelope)
        => envelope.Recipient is { } endpoint ? [endpoint] : model!.SubscribersOf(model.Registry.Find(envelope.Type)!);

    public void Serve(IServiceCollection services, NodeLife life, Action<string, string> report)
    {
        model = NodeServices.Model(services);
        ProductionTransports.Serve(services, model, (messaging, prefix) => messaging.UseRabbitMQ(rabbit =>
        {
            options.Apply(rabbit);
            rabbit.Open = (_, purpose, cancellationToken) => ConnectAsync(life, purpose, cancellationToken);
            rabbit.Prefix = prefix;
        }));
    }

    public int OpenConnections(NodeLife life) => connections.Count(connection => connection.Life == life && connection.Client.IsOpen);

    /// <summary>What a client's connection factory does.</summary>
    public async Task<IConnection> ConnectAsync(NodeLife life, string name, CancellationToken cancellationToken)
    {
        await life.EnterAsync(Operation.OpenConnection);
        cancellationToken.ThrowIfCancellationRequested();
        if (life.Happens(FaultKind.BrokerRestart, Operation.OpenConnection, out var severity))
        {
            Restart(LongestToNotice * severity);
        }

        if (downUntil > World.Now || life.Happens(FaultKind.ChannelClosed, Operation.OpenConnection))
        {
            throw new BrokerUnreachableException(new IOException("simulated: connection refused"));
        }

        var connection = new ServerConnection(this, life, name);
        connections.Add(connection);
        WatchHeartbeats(connection, wasFrozen: false);
        return connection.Client;
    }

    public void Ended(ServerConnection connection)
    {
        connections.Remove(connection);
        foreach (var queue in queues.Values.Where(queue => queue.Owner == connection).ToList())
        {
            Delete(queue);
        }
    }

    /// <summary>It dies, and is there again after a time.</summary>
    public void Restart(TimeSpan absence)
    {
        World.Trace.Add(World.Now, "rabbitmq", "dies");
        downUntil = World.Now + absence;
        shortUntil = TimeSpan.Zero;
        foreach (var connection in connections.ToList())
        {
            connection.Cut(TimeSpan.Zero, TimeToNotice(), "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'");
            connection.End();
        }

        foreach (var queue in queues.Values.Where(queue => !queue.Declaration.Durable).ToList())
        {
            Delete(queue);
        }

        foreach (var queue in queues.Values)
        {
            queue.Restart();
        }

        foreach (var exchange in exchanges.Values.Where(exchange => !exchange.IsDurable).ToList())
        {
            exchanges.Remove(exchange.Name);
        }
    }

    /// <summary>It is short of memory for a time.</summary>
    public void RunShort(TimeSpan duration)
    {
        shortUntil = World.Now + duration;
        connections.ForEach(connection => connection.Block());
    }

    /// <summary>Breaks all connections.</summary>
    public void BreakConnections()
    {
        foreach (var connection in connections.ToList())
        {
            connection.Cut(TimeSpan.Zero, TimeSpan.Zero);
        }
    }

    /// <summary>How long one side of a connection does not know that it is broken: mostly not at all, sometimes until heartbeats are missed.</summary>
    public TimeSpan TimeToNotice() => Random.Chance(0.7) ? Latency.Next(Random) : Random.Between(TimeSpan.Zero, LongestToNotice);

    public void Note(string what, Publication publication) => World.Trace.Add(World.Now, "rabbitmq", what, publication.Id);

    public void DeclareExchange(string name, string type, bool durable, bool passive)
    {
        if (!exchanges.TryGetValue(name, out var exchange))
        {
            exchanges.Add(name, passive ? throw AmqpErrorException.NotFound($"exchange '{name}'") : new AmqpExchange(name, type, durable));
        }
        else if (!passive && (exchange.Type != type || exchange.IsDurable != durable))
        {
            throw AmqpErrorException.Inequivalent(exchange.Type != type ? "type" : "durable", $"exchange '{name}'");
        }
    }

    public QueueDeclareOk DeclareQueue(string name, QueueDeclaration declaration, ServerConnection connection)
    {
        if (name.Length == 0)
        {
            name = $"amq.gen-{++named}";
        }

        if (!queues.ContainsKey(name))
        {
            queues.Add(name, new AmqpQueue(this, name, declaration, declaration.Exclusive ? connection : null));
        }

        var queue = FindQueue(name, connection);
        return queue.Declaration.DifferenceTo(declaration) is { } difference
            ? throw AmqpErrorException.Inequivalent(difference, $"queue '{name}'")
            : queue.Counts;
    }

    public AmqpExchange FindExchange(string name) => exchanges.GetValueOrDefault(name) ?? throw AmqpErrorException.NotFound($"exchange '{name}'");

    public AmqpQueue FindQueue(string name, ServerConnection connection)
    {
        var queue = queues.GetValueOrDefault(name) ?? throw AmqpErrorException.NotFound($"queue '{name}'");
        return queue.Owner is null || queue.Owner == connection ? queue : throw AmqpErrorException.Locked($"queue '{name}'");
    }

    /// <summary>
    /// The queue that a message goes to, if nothing is lost when somebody deletes it: it is empty, and no other queue gets the
    /// message without it. Not one that was deleted a moment ago: who finds no queue twice in a row is right to give up.
    /// </summary>
    public AmqpQueue? FindUnused(Publication publication)
        => Route(publication) is [{ IsEmpty: true } only] && World.Now >= deletedAt.GetValueOrDefault(only.Name, -BetweenDeletions) + BetweenDeletions ? only : null;

    public void DeleteUnused(AmqpQueue queue)
    {
        deletedAt[queue.Name] = World.Now;
        World.Trace.Add(World.Now, "rabbitmq", $"{queue.Name} is deleted");
        Delete(queue);
    }

    public void Delete(AmqpQueue queue)
    {
        if (queues.Remove(queue.Name))
        {
            queue.Delete();
            foreach (var exchange in exchanges.Values)
            {
                exchange.Forget(queue);
            }
        }
    }

    /// <summary>The queues that a message goes to.</summary>
    public List<AmqpQueue> Route(Publication publication)
        => publication.Exchange.Length > 0 ? FindExchange(publication.Exchange).Route(publication.RoutingKey)
            : queues.TryGetValue(publication.RoutingKey, out var queue) ? [queue] : [];

    /// <summary>A process that stands still sends no heartbeats, and is given up.</summary>
    private void WatchHeartbeats(ServerConnection connection, bool wasFrozen)
        => World.Schedule(Lane, HeartbeatCheck, () =>
        {
            if (!connection.IsOpen)
            {
                return;
            }

            if (wasFrozen && connection.IsFrozen)
            {
                connection.Cut(TimeSpan.Zero, TimeSpan.Zero, "missed heartbeats");
                connection.End();
                return;
            }

            WatchHeartbeats(connection, connection.IsFrozen);
        });
}
