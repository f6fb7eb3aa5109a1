namespace Messaging.Toolkit.Kafka.Clients;

/// <summary>Properties that the toolkit sets itself, because what it promises depends on them.</summary>
internal static class ReservedProperties
{
    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["bootstrap.servers"] = "it is BootstrapServers",
        ["metadata.broker.list"] = "it is BootstrapServers",
        ["group.id"] = "it is Group",
        ["group.instance.id"] = "it is InstanceId",
        ["group.protocol"] = "it is GroupProtocol",
        ["message.max.bytes"] = "it is MaxMessageBytes",
        ["acks"] = "a message is confirmed when all replicas have it",
        ["request.required.acks"] = "a message is confirmed when all replicas have it",
        ["enable.idempotence"] = "without it messages of a key may change their order",
        ["enable.gapless.guarantee"] = "without it messages of a key may change their order",
        ["message.timeout.ms"] = "a message that is given up while later ones of its key are not changes their order: see ConfirmTimeout",
        ["delivery.timeout.ms"] = "a message that is given up while later ones of its key are not changes their order: see ConfirmTimeout",
        ["message.send.max.retries"] = "a message that is given up while later ones of its key are not changes their order: see ConfirmTimeout",
        ["retries"] = "a message that is given up while later ones of its key are not changes their order: see ConfirmTimeout",
        ["transactional.id"] = "the outbox does not need Kafka's transactions",
        ["enable.auto.commit"] = "where a group goes on is stored when the handlers have committed",
        ["enable.auto.offset.store"] = "where a group goes on is stored when the handlers have committed",
        ["partition.assignment.strategy"] = "partitions change hands one by one, which needs cooperative-sticky",
    };

    /// <summary>Says what must not be set, and why. Values are not repeated: they may be secrets.</summary>
    public static IEnumerable<string> Refuse(string option, IDictionary<string, string> properties)
    {
        foreach (var name in properties.Keys)
        {
            if (Reasons.TryGetValue(name, out var reason))
            {
                yield return $"UseKafka: {option} must not have '{name}': {reason}.";
            }
            else if (name.StartsWith("dotnet.", StringComparison.Ordinal))
            {
                yield return $"UseKafka: {option} must not have '{name}': it is for the client's own wrapper, which the toolkit sets up.";
            }
        }
    }
}
