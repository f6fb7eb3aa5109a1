using Messaging.Toolkit.Inspection;
using Messaging.Toolkit.Kafka.Clients;
using Messaging.Toolkit.Kafka.Receiving;
using Messaging.Toolkit.Kafka.Sending;
using Messaging.Toolkit.Kafka.Topics;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Kafka;

/// <summary>
/// Kafka. Each topic of events is a destination of its own, so that one that is in trouble fills its own window; what is for one endpoint is
/// another, whichever endpoint it is, because replies go to endpoints that nobody here has heard of.
/// </summary>
internal sealed class KafkaTransport(KafkaOptions options, MessageTopology topology, PartitionTaker? taker, MessageIds ids, TimeProvider time, ILogger logger, LeftPositions? left = null) : ITransport
{
    private readonly IKafkaClients clients = options.Clients ?? new ConfluentClients(options, time, logger);
    private readonly TopicMap topics = new(options, topology);
    private readonly BrokerLimits limits = new(time);

    public string Name => "kafka";

    public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => topics.DestinationOf(type) is { } destination ? [destination] : [];

    public string GetDestination(string endpoint) => topics.DestinationOf(endpoint);

    public string? DeadLetterDestination => topics.DeadLetterDestination;

    public async ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken)
    {
        var sender = new KafkaSender(topics, limits, options.ConfirmTimeout, time);
        try
        {
            var (client, troubles) = await clients.OpenProducerAsync(topics.All, sender, cancellationToken);
            foreach (var (topic, reason) in troubles)
            {
                logger.TopicMissing(topic, reason);
            }

            sender.Begin(client);
            return sender;
        }
        catch
        {
            await sender.DisposeAsync();
            throw;
        }
    }

    public Task<IReadOnlyList<Finding>> ExamineAsync(CancellationToken cancellationToken) => ClusterExamination.RunAsync(clients, topics.All, Name, cancellationToken);

    public async ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken)
    {
        if (left is not null)
        {
            await left.DeleteAsync(endpoint, cancellationToken);
        }

        var reader = new RecordReader(endpoint, topics, options, ids, logger);
        var receiver = new KafkaReceiver(reader, prefetch, options.MaxAhead, taker, time, logger);
        try
        {
            receiver.Begin(await clients.OpenConsumerAsync(topics.GroupOf(endpoint), topics.SubscriptionsOf(endpoint), receiver, cancellationToken));
            await receiver.JoinAsync(cancellationToken);
            return receiver;
        }
        catch
        {
            await receiver.DisposeAsync();
            throw;
        }
    }
}
