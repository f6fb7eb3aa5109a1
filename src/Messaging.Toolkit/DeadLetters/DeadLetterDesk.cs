using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Stores;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.DeadLetters;

/// <summary>Works through dead letters batch by batch, so that no transaction gets long however many there are.</summary>
internal sealed class DeadLetterDesk(StoreCollection stores, ParkingAlarms alarms, ILogger<DeadLetterDesk> logger) : IDeadLetters
{
    private const int Batch = 500;
    private const int MaxCount = 1000;

    private readonly SafeLogger logger = new(logger);

    public Task<IReadOnlyList<DeadLetter>> QueryAsync(DeadLetterQuery query, int count = 100, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        return StoreOf(query).DeadLetters.ReadAsync(query, count, cancellationToken);
    }

    public async Task<int> ReplayAsync(DeadLetterQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var store = StoreOf(query);
        query = await BoundAsync(query, store, cancellationToken);
        var replayed = 0;
        for (var last = Batch; last == Batch;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            last = await store.DeadLetters.ReplayAsync(query, Batch, cancellationToken);
            alarms.Of(store).Set();
            replayed += last;
        }

        logger.Replayed(store.Name, replayed);
        return replayed;
    }

    public async Task<int> DiscardAsync(DeadLetterQuery query, string reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        var store = StoreOf(query);
        query = await BoundAsync(query, store, cancellationToken);
        var discarded = 0;
        for (var last = Batch; last == Batch;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var batch = await store.DeadLetters.DiscardAsync(query, Batch, cancellationToken);
            alarms.Of(store).Set();
            foreach (var (endpoint, messageId) in batch)
            {
                logger.Discarded(endpoint, messageId, reason);
            }

            last = batch.Count;
            discarded += last;
        }

        return discarded;
    }

    /// <summary>Means those that are there now: what is replayed and dies again at once must not come round in the next transaction.</summary>
    private static async Task<DeadLetterQuery> BoundAsync(DeadLetterQuery query, IMessageStore store, CancellationToken cancellationToken)
    {
        var last = await store.DeadLetters.ReadLastIdAsync(cancellationToken);
        return query with { Through = Math.Min(query.Through ?? last, last) };
    }

    private IMessageStore StoreOf(DeadLetterQuery query)
        => query.Store is { } name && stores.All.All(store => store.Name != name)
            ? throw new MessagingException($"There is no store '{name}': it is one of {string.Join(", ", stores.All.Select(store => store.Name))}.")
            : stores.Get(query.Store);
}
