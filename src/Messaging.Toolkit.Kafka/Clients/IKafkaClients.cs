using Messaging.Toolkit.Kafka.Topics;

namespace Messaging.Toolkit.Kafka.Clients;

/// <summary>Opens clients of a cluster, and is all that the transport knows of one.</summary>
internal interface IKafkaClients
{
    /// <summary>Opens a client that sends, when there is a connection, and creates its topics. Events come from then on.</summary>
    /// <returns>The client, and which topics cannot be used and why.</returns>
    /// <exception cref="MessagingException">There is no connection, or the client refuses its configuration. It says why.</exception>
    ValueTask<(IProducerClient Client, IReadOnlyDictionary<string, string> Troubles)> OpenProducerAsync(
        IReadOnlyCollection<TopicPlan> topics, IProducerEvents events, CancellationToken cancellationToken);

    /// <summary>Opens a member of a group, when there is a connection, and creates its topics. Events come from then on.</summary>
    /// <exception cref="MessagingException">There is no connection, the client refuses its configuration, or a topic cannot be used. It says why.</exception>
    ValueTask<IConsumerClient> OpenConsumerAsync(string group, IReadOnlyCollection<TopicPlan> topics, IConsumerEvents events, CancellationToken cancellationToken);
}
