using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Kafka.Receiving;

/// <summary>A message with where it came from. It belongs to one assignment of its partition: when that has ended, settling it has no effect.</summary>
internal sealed class KafkaDelivery(MessageEnvelope envelope, AssignedPartition partition, long offset) : Delivery(envelope)
{
    public AssignedPartition Partition => partition;

    public long Offset => offset;

    /// <summary>Whether the core has it.</summary>
    public bool IsOut { get; set; }
}
