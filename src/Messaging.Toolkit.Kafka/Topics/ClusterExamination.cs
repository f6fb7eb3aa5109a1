using Confluent.Kafka;
using Messaging.Toolkit.Inspection;
using Messaging.Toolkit.Kafka.Clients;
using Messaging.Toolkit.Kafka.Sending;

namespace Messaging.Toolkit.Kafka.Topics;

/// <summary>Looks at a cluster by opening a producer, which says what is wrong with the topics.</summary>
internal static class ClusterExamination
{
    public static async Task<IReadOnlyList<Finding>> RunAsync(IKafkaClients clients, IReadOnlyCollection<TopicPlan> topics, string transport, CancellationToken cancellationToken)
    {
        var (client, troubles) = await clients.OpenProducerAsync(topics, new Silence(), cancellationToken);
        await client.DisposeAsync();
        return
        [
            Finding.Fine($"transport {transport}", "Kafka answers; messages are sent by an idempotent producer with acks=all, always."),
            .. topics.Where(topic => !troubles.ContainsKey(topic.Name)).Select(topic => Finding.Fine($"transport {transport}, topic {topic.Name}", "it is there.")),
            .. troubles.Select(trouble => Finding.Error($"transport {transport}, topic {trouble.Key}", $"{trouble.Value}.", "See docs/kafka.md for what the application needs; messages for it wait in the outbox.")),
        ];
    }

    private sealed class Silence : IProducerEvents
    {
        public void OnDelivered(SentMessage message, Error error) { }

        public void OnBroken(Exception exception) { }
    }
}
