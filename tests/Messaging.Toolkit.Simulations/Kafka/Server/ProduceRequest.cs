using Confluent.Kafka;
using Messaging.Toolkit.Testing.Nodes;

namespace Messaging.Toolkit.Simulations.Kafka.Server;

/// <summary>A batch on its way to a leader.</summary>
/// <param name="Life">Whose it is, and to whom faults happen.</param>
/// <param name="Producer">The number of the producer, by which its batches are told from those of others.</param>
/// <param name="Log">The partition.</param>
/// <param name="Sequence">The number of its first message among those of the producer and partition.</param>
/// <param name="Records">Its messages.</param>
/// <param name="Connection">On which it comes and is answered.</param>
/// <param name="Answer">What the client does with the answer.</param>
internal sealed record ProduceRequest(
    NodeLife Life, long Producer, PartitionLog Log, int Sequence, IReadOnlyList<LogRecord> Records, KafkaConnection Connection, Action<ProduceAnswer> Answer)
{
    public void Reply(ErrorCode error, bool isFatal = false) => Connection.Answer(() => Answer(new ProduceAnswer(error, isFatal)));
}

/// <param name="Error">What is wrong, or none.</param>
/// <param name="IsFatal">Whether the producer is of no use any more.</param>
internal readonly record struct ProduceAnswer(ErrorCode Error, bool IsFatal);
