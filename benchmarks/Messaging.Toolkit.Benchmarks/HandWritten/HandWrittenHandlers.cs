using System.Text.Json;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>
/// Delivers a batch in the process: as many workers as the endpoint of the toolkit has handle it, and it is delivered when all have. So a message that was not handled
/// when the process ends is still in the outbox. What it does not guarantee: the order of a key, since two of its messages can be handled at once; that the next batch
/// does not wait for the slowest message of this one; retries and dead letters, since one message that cannot be handled fails its batch.
/// </summary>
internal sealed class HandWrittenHandlers(Func<Guid, OrderPlaced, Task> handle)
{
    private static readonly ParallelOptions Parallelism = new() { MaxDegreeOfParallelism = Workers.Count };

    public Task DeliverAsync(IReadOnlyList<OutboxMessage> batch)
        => Parallel.ForEachAsync(batch, Parallelism, async (message, _) => await handle(message.MessageId, JsonSerializer.Deserialize<OrderPlaced>(message.Payload, JsonSerializerOptions.Web)!));
}
