using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Messaging.Toolkit.Kafka.Topics;

namespace Messaging.Toolkit.Kafka.Clients;

/// <summary>Asks a cluster about its topics.</summary>
internal sealed class ConfluentTopicAdmin(IAdminClient admin, TimeSpan timeout) : ITopicAdmin
{
    public IReadOnlyDictionary<string, string?> List()
        => admin.GetMetadata(timeout).Topics.Where(topic => topic.Error.Code != ErrorCode.UnknownTopicOrPart)
            .ToDictionary(topic => topic.Topic, topic => topic.Error.Code is ErrorCode.NoError or ErrorCode.LeaderNotAvailable ? null : $"{topic.Error.Code}, {topic.Error.Reason}", StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Create(IReadOnlyCollection<TopicPlan> topics)
    {
        var specifications = topics.Select(topic => new TopicSpecification
        {
            Name = topic.Name,
            NumPartitions = topic.Options.Partitions,
            ReplicationFactor = topic.Options.ReplicationFactor,
            Configs = new Dictionary<string, string>(topic.Options.Configuration),
        });
        try
        {
            admin.CreateTopicsAsync(specifications, new CreateTopicsOptions { RequestTimeout = timeout, OperationTimeout = timeout }).GetAwaiter().GetResult();
            return new Dictionary<string, string>();
        }
        catch (CreateTopicsException exception)
        {
            return exception.Results.Where(result => result.Error.Code is not (ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
                .ToDictionary(result => result.Topic, result => $"{result.Error.Code}, {result.Error.Reason}");
        }
        catch (KafkaException exception)
        {
            return topics.ToDictionary(topic => topic.Name, _ => $"{exception.Error.Code}, {exception.Error.Reason}");
        }
    }
}
