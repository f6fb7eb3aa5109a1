namespace Messaging.Toolkit.RabbitMQ;

/// <summary>How the queue of an endpoint is declared. What RabbitMQ has already cannot be changed: delete the queue first.</summary>
public sealed class RabbitMQQueueOptions
{
    /// <summary>The kind of queue. Default <see cref="QueueType.Quorum"/>.</summary>
    public QueueType Type { get; set; } = QueueType.Quorum;

    /// <summary>How the processes of the endpoint share it. Default <see cref="QueueConsumers.SingleActive"/>.</summary>
    public QueueConsumers Consumers { get; set; } = QueueConsumers.SingleActive;

    /// <summary>Further arguments of the declaration, <c>x-max-length</c> for instance. They win over what the toolkit sets. Default none.</summary>
    public IDictionary<string, object?> Arguments { get; } = new Dictionary<string, object?>(StringComparer.Ordinal);
}
