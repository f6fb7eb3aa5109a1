namespace Messaging.Toolkit.RabbitMQ;

/// <summary>How the processes of one endpoint share its queue.</summary>
public enum QueueConsumers
{
    /// <summary>
    /// One process consumes, the others stand by and take over when it ends. Order per key holds over all processes. The default.
    /// </summary>
    SingleActive,

    /// <summary>
    /// The endpoint has a queue for each partition of its keys (<see cref="RabbitMQQueueOptions.Partitions"/>), and each process consumes
    /// its share of them. Order per key holds over all processes.
    /// </summary>
    Partitioned,

    /// <summary>
    /// All processes consume. Messages of one key may be handled by several of them at once, so there is no order between
    /// processes: for endpoints that need none.
    /// </summary>
    Competing,
}
