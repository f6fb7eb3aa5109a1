namespace Messaging.Toolkit.Kafka.Topics;

/// <summary>What can be asked of a cluster about its topics. Calls block.</summary>
internal interface ITopicAdmin
{
    /// <summary>All topics that this client may see, each with what is wrong with it, or null.</summary>
    IReadOnlyDictionary<string, string?> List();

    /// <summary>Creates topics, and returns which could not be created and why. One that is there already could.</summary>
    IReadOnlyDictionary<string, string> Create(IReadOnlyCollection<TopicPlan> topics);
}
