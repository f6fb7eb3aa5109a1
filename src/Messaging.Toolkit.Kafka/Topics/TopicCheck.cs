namespace Messaging.Toolkit.Kafka.Topics;

/// <summary>Sees to it that topics are there.</summary>
internal static class TopicCheck
{
    /// <summary>Creates what is missing, if that is wanted. Returns what is missing all the same, and why.</summary>
    public static IReadOnlyDictionary<string, string> Ensure(ITopicAdmin admin, IReadOnlyCollection<TopicPlan> topics, bool create)
    {
        var known = admin.List();
        var missing = topics.Where(topic => !known.Contains(topic.Name)).ToList();
        if (missing.Count == 0)
        {
            return new Dictionary<string, string>();
        }

        return create
            ? admin.Create(missing).ToDictionary(failed => failed.Key, failed => $"it is missing and could not be created: {failed.Value}")
            : missing.ToDictionary(topic => topic.Name, _ => "it is missing, or may not be seen: create it or grant access to it, or set CreateTopics");
    }
}
