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

    /// <summary>How long those that could be taken are received from before it is tried with all again.</summary>
    public static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(30);

    /// <summary>Takes partitions. Those that are not in the result could not be taken; the failure says why.</summary>
    public async Task<(IReadOnlyDictionary<TopicPartition, StreamPosition> Positions, Exception? Failure)> TakeAsync(
        string endpoint, IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        var (positions, failure) = await streams().TakeAsync(endpoint, [.. partitions.Select(NameOf)], memory, cancellationToken);
        var taken = partitions.Zip(positions).Where(each => each.Second is not null).ToDictionary(each => each.First, each => each.Second!);
        return (taken, failure is null ? null : new MessagingException(
            $"OffsetsInDatabase: {partitions.Count - taken.Count} of {partitions.Count} positions of endpoint '{endpoint}' could not be taken in the database, so nothing is received of those partitions. " +
            "It may be that another process is in the middle of a handler there; the tables stream and stream_ids may be missing, for which there must be a migration; " +
            "or the application may not select, insert, update and delete there. It is tried again.", failure));
    }

    /// <summary>Where to begin: where the database says, whatever Kafka does, unless it says nothing yet.</summary>
    public static Offset StartOf(StreamPosition? position) => position is { Next: >= 0 and var next } ? new Offset(next) : Offset.Unset;

    /// <summary>Whether a stream is a partition of a transport. A transport's name may have slashes, a topic's has none.</summary>
    public static bool IsOf(string transport, string stream) => stream.StartsWith(transport + "/", StringComparison.Ordinal) && stream.AsSpan(transport.Length + 1).Count('/') == 1;

    private string NameOf(TopicPartition partition) => string.Create(CultureInfo.InvariantCulture, $"{transport}/{partition.Topic}/{partition.Partition.Value}");
}
