using System.Collections.Concurrent;
using Messaging.Toolkit.Streams;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Kafka.Receiving;

/// <summary>Positions that an endpoint has in the database from when it was to keep them there. Without the option it does not move them, so they must not be there when it has the option again.</summary>
/// <param name="transport">The name of the transport.</param>
/// <param name="streams">Who deletes them. Stores are made after transports.</param>
/// <param name="logger">Says how many there were.</param>
internal sealed class LeftPositions(string transport, Func<StreamTaker> streams, ILogger logger)
{
    private readonly ConcurrentDictionary<string, bool> done = new(StringComparer.Ordinal);

    /// <summary>Deletes them, once in the life of a process. It fails only while the database is away.</summary>
    public async Task DeleteAsync(string endpoint, CancellationToken cancellationToken)
    {
        if (done.ContainsKey(endpoint))
        {
            return;
        }

        var (count, failure) = await streams().ForgetAsync(endpoint, name => PartitionTaker.IsOf(transport, name), cancellationToken);
        if (failure is not null)
        {
            logger.PositionsStay(endpoint, count, failure);
        }
        else if (count > 0)
        {
            logger.PositionsDeleted(endpoint, count);
        }

        done.TryAdd(endpoint, true);
    }
}
