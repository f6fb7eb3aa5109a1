using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Stores;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Hosting;

/// <summary>
/// What has to be done now and then for one store, by one process at a time: expired claims and sagas that
/// finished long ago are deleted in small batches, and messages are reported that wait for a destination nobody here knows, or at an
/// endpoint that no process seems to have.
/// </summary>
internal sealed class Housekeeper(
    IMessageStore store, LeaseKeeper leases, IReadOnlyCollection<string> destinations, IReadOnlyCollection<string> endpoints, InboxOptions options, SagaOptions sagas,
    JournalOptions? journal, TimeProvider time, ILogger logger)
{
    /// <summary>How long a parked message is due before it is said that nobody takes it: other processes may have its endpoint, and be busy.</summary>
    private static readonly TimeSpan Overdue = TimeSpan.FromMinutes(5);

    /// <summary>Does one round; waits unless there is more to delete.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (leases.KeepsHouse)
        {
            if (await store.Inbox.PurgeAsync(options.Retention, options.CleanupBatch, cancellationToken) >= options.CleanupBatch
                || await store.SagaCatalogue.PurgeAsync(sagas.Retention, options.CleanupBatch, cancellationToken) >= options.CleanupBatch
                || await PurgeJournalAsync(cancellationToken) >= options.CleanupBatch)
            {
                return;
            }

            await ReportUnknownDestinationsAsync(cancellationToken);
            await ReportLeftEndpointsAsync(cancellationToken);
        }

        await Task.Delay(options.CleanupInterval, time, cancellationToken);
    }

    private async Task<int> PurgeJournalAsync(CancellationToken cancellationToken)
        => journal is not null && await store.Journal.OpenAsync(cancellationToken) ? await store.Journal.PurgeAsync(journal.Retention, options.CleanupBatch, cancellationToken) : 0;

    /// <summary>They are not given up: another version of the application may be on its way that knows them.</summary>
    public async Task ReportUnknownDestinationsAsync(CancellationToken cancellationToken)
    {
        foreach (var destination in (await store.Outbox.ReadDestinationsAsync(cancellationToken)).Except(destinations, StringComparer.Ordinal))
        {
            logger.UnknownDestination(store.Name, destination);
        }
    }

    /// <summary>What is parked at an endpoint of this process is its own to take, however long that lasts.</summary>
    private async Task ReportLeftEndpointsAsync(CancellationToken cancellationToken)
    {
        foreach (var (endpoint, count) in await store.Parking.CountLeftAsync(endpoints, Overdue, cancellationToken))
        {
            logger.EndpointLeft(store.Name, count, endpoint, Overdue);
        }
    }
}
