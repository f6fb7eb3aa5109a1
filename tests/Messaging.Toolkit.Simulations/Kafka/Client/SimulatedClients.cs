using Messaging.Toolkit.Kafka;
using Messaging.Toolkit.Kafka.Clients;
using Messaging.Toolkit.Kafka.Topics;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;

namespace Messaging.Toolkit.Simulations.Kafka.Client;

/// <summary>What the transport of one life of a node knows of the cluster.</summary>
internal sealed class SimulatedClients(KafkaCluster cluster, NodeLife life, KafkaOptions options) : IKafkaClients
{
    private const double IsBusy = 0.2;

    private static readonly TimeSpan LongestOutage = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);

    public async ValueTask<(IProducerClient Client, IReadOnlyDictionary<string, string> Troubles)> OpenProducerAsync(
        IReadOnlyCollection<TopicPlan> topics, IProducerEvents events, CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        var troubles = TopicCheck.Ensure(cluster, topics, options.CreateTopics);
        return (new SimulatedProducer(cluster, life, events), troubles);
    }

    public async ValueTask<IConsumerClient> OpenConsumerAsync(
        string group, IReadOnlyCollection<TopicPlan> topics, IConsumerEvents events, CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        TopicCheck.Ensure(cluster, topics, options.CreateTopics);
        var consumer = new SimulatedConsumer(cluster, life, new ConsumerSettings(group, topics, options), events);

        // The client's thread is at work before anybody has the client: long before, if the process is busy.
        await cluster.World.DelayAsync(life.Lane, cluster.Random.Chance(IsBusy) ? cluster.Random.Between(TimeSpan.Zero, LongestDelay) : TimeSpan.Zero);
        return consumer;
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await life.EnterAsync(Operation.OpenConnection);
        cancellationToken.ThrowIfCancellationRequested();
        if (life.Happens(FaultKind.BrokerRestart, Operation.OpenConnection, out var severity))
        {
            cluster.Coordinator?.Restart(LongestOutage * severity);
        }

        if (cluster.IsDown || life.Happens(FaultKind.ChannelClosed, Operation.OpenConnection))
        {
            throw new MessagingException("No connection to Kafka at simulated: connection refused");
        }
    }
}
