namespace Messaging.Toolkit.RabbitMQ;

/// <summary>How the queue of an endpoint is declared. What RabbitMQ has already cannot be changed: delete the queue first.</summary>
public sealed class RabbitMQQueueOptions
{
    /// <summary>The kind of queue. Default <see cref="QueueType.Quorum"/>.</summary>
    public QueueType Type { get; set; } = QueueType.Quorum;

    /// <summary>How the processes of the endpoint share it. Default <see cref="QueueConsumers.SingleActive"/>.</summary>
    public QueueConsumers Consumers { get; set; } = QueueConsumers.SingleActive;

    /// <summary>
    /// How many queues the endpoint has if it is <see cref="QueueConsumers.Partitioned"/>, and so how many processes can share its work. Default 8; from 2 to
    /// 64. Those of another number are other queues: see the documentation before you change it.
    /// </summary>
    public int Partitions { get; set; } = 8;

    /// <summary>Further arguments of the declaration, <c>x-max-length</c> for instance. They win over what the toolkit sets. Default none.</summary>
    public IDictionary<string, object?> Arguments { get; } = new Dictionary<string, object?>(StringComparer.Ordinal);
}
