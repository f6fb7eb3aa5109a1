using System.Diagnostics;
using System.Diagnostics.Metrics;
using Messaging.Toolkit.Diagnostics.Measuring;
using Messaging.Toolkit.Diagnostics.Tracing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Diagnostics;

/// <summary>The instruments of one host. None carries an id or a key.</summary>
internal sealed class MessagingMetrics : IDisposable
{
    private readonly bool ownsMeter;
    private readonly Counter<long> handled;
    private readonly Counter<long> duplicates;
    private readonly Counter<long> retries;
    private readonly Counter<long> parked;
    private readonly Counter<long> deadLetters;
    private readonly Counter<long> expired;
    private readonly Counter<long> circuitsOpened;
    private readonly UpDownCounter<long> circuitsOpen;
    private readonly Counter<long> waitsForPermits;
    private readonly Counter<long> unsaved;
    private readonly Counter<long> relayed;
    private readonly Counter<long> relayRetries;
    private readonly Counter<long> sagasEnded;
    private readonly Counter<long> leasesLost;
    private readonly Counter<long> scheduled;

    public MessagingMetrics(IMeterFactory? factory = null, ILogger? logger = null, ObservedStores? stores = null)
    {
        var meter = factory?.Create(MessagingDiagnostics.MeterName, MessagingDiagnostics.Version) ?? new Meter(MessagingDiagnostics.MeterName, MessagingDiagnostics.Version);
        (Meter, ownsMeter) = (meter, factory is null);
        Guard = new ListenerGuard(new SafeLogger(logger ?? NullLogger.Instance));
        Client = new ClientMetrics(meter, Guard);
        Stores = stores ?? new ObservedStores();
        StoreGauges.Add(meter, Stores);
        handled = meter.CreateCounter<long>("messaging.toolkit.inbox.handled", "{message}", "Messages whose handlers ran and committed.");
        duplicates = meter.CreateCounter<long>("messaging.toolkit.inbox.duplicates", "{message}", "Messages that had been handled before.");
        retries = meter.CreateCounter<long>("messaging.toolkit.inbox.retries", "{attempt}", "Failed attempts that were followed by another.");
        parked = meter.CreateCounter<long>("messaging.toolkit.inbox.parked", "{message}", "Messages that wait in the store for their next attempt, or behind an earlier one of their key.");
        deadLetters = meter.CreateCounter<long>("messaging.toolkit.dead_letters", "{message}", "Messages moved to the dead letters.");
        expired = meter.CreateCounter<long>("messaging.toolkit.inbox.expired", "{message}", "Messages that were not handled because their time was over.");
        circuitsOpened = meter.CreateCounter<long>("messaging.toolkit.circuit.opened", "{opening}", "How often the circuit of an endpoint has opened, also again after a try.");
        circuitsOpen = meter.CreateUpDownCounter<long>("messaging.toolkit.circuit.open", "{circuit}", "Endpoints of this process whose circuit is not closed.");
        waitsForPermits = meter.CreateCounter<long>("messaging.toolkit.rate_limit.waits", "{wait}", "How often an endpoint had to wait for a permit of its rate limiter.");
        unsaved = meter.CreateCounter<long>("messaging.toolkit.outbox.unsaved", "{message}", "Messages lost because their scope ended before they were saved.");
        relayed = meter.CreateCounter<long>("messaging.toolkit.relay.confirmed", "{message}", "Messages of the outbox whose destination confirmed them.");
        relayRetries = meter.CreateCounter<long>("messaging.toolkit.relay.retries", "{message}", "Messages of the outbox that are sent again, because they were given back or nobody knows what became of them.");
        sagasEnded = meter.CreateCounter<long>("messaging.toolkit.saga.ended", "{saga}", "Sagas and process managers that have finished.");
        leasesLost = meter.CreateCounter<long>("messaging.toolkit.lease.lost", "{lease}", "Leases lost to another process without being given up.");
        scheduled = meter.CreateCounter<long>("messaging.toolkit.schedule.due", "{message}", "Scheduled messages that fell due and moved to the outbox.");
    }

    /// <summary>What the instruments are of.</summary>
    public Meter Meter { get; }

    /// <summary>Through which everything that listens is called.</summary>
    public ListenerGuard Guard { get; }

    /// <summary>The instruments of the conventions.</summary>
    public ClientMetrics Client { get; }

    /// <summary>What is reported of the stores.</summary>
    public ObservedStores Stores { get; }

    public void Handled(string endpoint, int count) => Guard.Add(handled, count, Endpoint(endpoint));

    public void Duplicates(string endpoint, int count) => Guard.Add(duplicates, count, Endpoint(endpoint));

    public void Retried(string endpoint) => Guard.Add(retries, 1, Endpoint(endpoint));

    public void Parked(string endpoint) => Guard.Add(parked, 1, Endpoint(endpoint));

    public void DeadLettered(string endpoint) => Guard.Add(deadLetters, 1, Endpoint(endpoint));

    public void Expired(string endpoint) => Guard.Add(expired, 1, Endpoint(endpoint));

    public void CircuitOpened(string endpoint, bool isAgain)
    {
        Guard.Add(circuitsOpened, 1, Endpoint(endpoint));
        if (!isAgain)
        {
            Guard.Add(circuitsOpen, 1, Endpoint(endpoint));
        }
    }

    public void CircuitClosed(string endpoint) => Guard.Add(circuitsOpen, -1, Endpoint(endpoint));

    public void WaitedForPermit(string endpoint) => Guard.Add(waitsForPermits, 1, Endpoint(endpoint));

    public void Unsaved(int count) => Guard.Add(unsaved, count, default);

    public void Relayed(string store, int count) => Guard.Add(relayed, count, Store(store));

    public void RelayRetries(string store, int count) => Guard.Add(relayRetries, count, Store(store));

    public void SagaEnded(string definition, Sagas.SagaStatus status)
        => Guard.Add(sagasEnded, 1, new TagList { { TagNames.Saga, definition }, { TagNames.SagaStatus, SagaStatusNames.Of(status) } });

    public void LeasesLost(string store, int count) => Guard.Add(leasesLost, count, Store(store));

    public void Due(string store, int count) => Guard.Add(scheduled, count, Store(store));

    /// <summary>A factory's meter is its own to dispose of.</summary>
    public void Dispose()
    {
        if (ownsMeter)
        {
            Meter.Dispose();
        }
    }

    private static TagList Endpoint(string name) => new() { { TagNames.Endpoint, name } };

    private static TagList Store(string name) => new() { { TagNames.Store, name } };
}
