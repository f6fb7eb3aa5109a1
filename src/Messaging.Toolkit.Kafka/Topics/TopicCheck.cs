namespace Messaging.Toolkit.Kafka.Topics;

/// <summary>Sees to it that topics are there.</summary>
internal static class TopicCheck
{
    /// <summary>Creates what is missing, if that is wanted. Returns what is missing all the same, and why.</summary>
    public static IReadOnlyDictionary<string, string> Ensure(ITopicAdmin admin, IReadOnlyCollection<TopicPlan> topics, bool create)
    {
        var known = admin.List();
        var troubles = topics.Where(topic => known.GetValueOrDefault(topic.Name) is not null).ToDictionary(topic => topic.Name, topic => known[topic.Name]!);
        var missing = topics.Where(topic => !known.ContainsKey(topic.Name)).ToList();
        var failed = missing.Count == 0 ? []
            : create ? admin.Create(missing).Select(failed => KeyValuePair.Create(failed.Key, $"it is missing and could not be created: {failed.Value}"))
            : missing.Select(topic => KeyValuePair.Create(topic.Name, "it is missing, or may not be seen: create it or grant access to it, or set CreateTopics"));
        return troubles.Concat(failed).ToDictionary();
    }
}
