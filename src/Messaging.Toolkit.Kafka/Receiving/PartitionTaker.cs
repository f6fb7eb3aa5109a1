using System.Globalization;
using Confluent.Kafka;
using Messaging.Toolkit.Streams;

namespace Messaging.Toolkit.Kafka.Receiving;

/// <summary>Makes partitions a process's in the database of their endpoint, so that they are handled from where that says, and by nobody else.</summary>
/// <param name="transport">The name of the transport.</param>
/// <param name="memory">How many messages of each are remembered.</param>
/// <param name="streams">Who does it. Stores are made after transports.</param>
internal sealed class PartitionTaker(string transport, int memory, Func<StreamTaker> streams)
{
    /// <summary>How long it may take. Meanwhile nothing is received.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task<IReadOnlyDictionary<TopicPartition, StreamPosition>> TakeAsync(string endpoint, IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        try
        {
            var positions = await streams().TakeAsync(endpoint, [.. partitions.Select(NameOf)], memory, cancellationToken);
            return partitions.Zip(positions).ToDictionary(each => each.First, each => each.Second);
        }
        catch (Exception exception)
        {
            throw new MessagingException(
                $"OffsetsInDatabase: the positions of endpoint '{endpoint}' cannot be read and taken in the database, so nothing is received. If their tables are missing (stream and stream_ids), " +
                "add a migration; the application needs the rights to select, insert, update and delete there. It is tried again.", exception);
        }
    }

    /// <summary>Where to begin: where the database says, whatever Kafka does, unless it says nothing yet.</summary>
    public static Offset StartOf(StreamPosition? position) => position is { Next: >= 0 and var next } ? new Offset(next) : Offset.Unset;

    private string NameOf(TopicPartition partition) => string.Create(CultureInfo.InvariantCulture, $"{transport}/{partition.Topic}/{partition.Partition.Value}");
}
