using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Brokers;

/// <summary>
/// A broker of no particular make, outside of all nodes: topics that copy into queues, queues shared among consumers by key,
/// confirms, and everything that a real one does to its clients now and then.
/// </summary>
internal sealed class SimulatedBroker(World world, Lane lane) : ISimulatedBroker
{
    /// <summary>Before the transport in names of topics and queues; in no name of an endpoint.</summary>
    private const string Separator = "@";

    private static readonly TimeSpan SessionCheck = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, IReadOnlyList<string>> topics = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BrokerQueue> queues = new(StringComparer.Ordinal);
    private readonly SeededRandom random = SeededRandom.For(world.Seed, "broker");

    public SeededRandom Random => random;

    public bool IsDrained => queues.Values.All(queue => queue.IsDrained);

    public string Left => string.Join(", ", queues.Where(queue => !queue.Value.IsDrained).Select(queue => queue.Key));

    public IReadOnlyList<string> EndpointsOf(string destination, MessageEnvelope envelope)
        => envelope.Recipient is { } endpoint ? [endpoint] : [.. QueuesOf(destination, envelope).Select(queue => queue.Split(Separator)[0])];

    /// <summary>Each transport that the application has configured is a broker of its own, which has nothing of the others'.</summary>
    public void Serve(IServiceCollection services, NodeLife life, Action<string, string> report)
        => NodeServices.UseTransports(services, (name, provider, _) => new SimulatedTransport(
            this, life, report, provider.GetRequiredService<MessagingModel>().Transports.Count > 1 ? Separator + name : ""));

    public int OpenConnections(NodeLife life) => 0;

    /// <summary>Has the topic copied into the queues of its subscribers.</summary>
    public void Bind(string topic, IReadOnlyList<string> subscribers) => topics[topic] = subscribers;

    public BrokerQueue Queue(string name)
    {
        if (!queues.TryGetValue(name, out var queue))
        {
            queues.Add(name, queue = new BrokerQueue(random));
        }

        return queue;
    }

    /// <summary>Takes a message: from now on it is the broker's.</summary>
    public void Accept(string destination, MessageEnvelope envelope)
    {
        foreach (var queue in QueuesOf(destination, envelope))
        {
            Queue(queue).Append(envelope);
        }
    }

    /// <summary>Takes it once more, a little later, as after a retry of its producer's.</summary>
    public void AcceptAgain(string destination, MessageEnvelope envelope)
        => world.Schedule(lane, random.Between(TimeSpan.Zero, TimeSpan.FromSeconds(1)), () => Accept(destination, envelope));

    /// <summary>Takes notice, some time after it has happened, that a consumer's process has died or stands still.</summary>
    public void Watch(SimulatedReceiver receiver, NodeLife life)
    {
        life.Ended += () => world.Schedule(lane, random.Between(TimeSpan.Zero, SessionCheck), receiver.Expire);
        CheckSession(receiver, life, wasFrozen: false);
    }

    private IReadOnlyList<string> QueuesOf(string destination, MessageEnvelope envelope)
        => envelope.Recipient is not null ? [destination] : topics.GetValueOrDefault(destination) ?? [destination];

    private void CheckSession(SimulatedReceiver receiver, NodeLife life, bool wasFrozen)
        => world.Schedule(lane, SessionCheck, () =>
        {
            var isFrozen = life.Lane.State == LaneState.Frozen;
            if (isFrozen && wasFrozen)
            {
                receiver.Expire();
            }
            else if (!receiver.IsClosed)
            {
                CheckSession(receiver, life, isFrozen);
            }
        });
}
