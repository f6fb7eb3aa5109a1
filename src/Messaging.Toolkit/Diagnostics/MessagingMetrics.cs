using System.Diagnostics.Metrics;

namespace Messaging.Toolkit.Diagnostics;

/// <summary>The instruments of one host. None carries an id or a key.</summary>
internal sealed class MessagingMetrics
{
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
    private readonly Counter<long> leasesLost;
    private readonly Counter<long> scheduled;

    public MessagingMetrics(IMeterFactory? factory = null)
    {
        var meter = factory?.Create(MessagingDiagnostics.MeterName) ?? new Meter(MessagingDiagnostics.MeterName);
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
        leasesLost = meter.CreateCounter<long>("messaging.toolkit.lease.lost", "{lease}", "Leases lost to another process without being given up.");
        scheduled = meter.CreateCounter<long>("messaging.toolkit.schedule.due", "{message}", "Scheduled messages that fell due and moved to the outbox.");
    }

    public void Handled(string endpoint, int count) => handled.Add(count, Endpoint(endpoint));

    public void Duplicates(string endpoint, int count) => duplicates.Add(count, Endpoint(endpoint));

    public void Retried(string endpoint) => retries.Add(1, Endpoint(endpoint));

    public void Parked(string endpoint) => parked.Add(1, Endpoint(endpoint));

    public void DeadLettered(string endpoint) => deadLetters.Add(1, Endpoint(endpoint));

    public void Expired(string endpoint) => expired.Add(1, Endpoint(endpoint));

    public void CircuitOpened(string endpoint, bool isAgain)
    {
        circuitsOpened.Add(1, Endpoint(endpoint));
        if (!isAgain)
        {
            circuitsOpen.Add(1, Endpoint(endpoint));
        }
    }

    public void CircuitClosed(string endpoint) => circuitsOpen.Add(-1, Endpoint(endpoint));

    public void WaitedForPermit(string endpoint) => waitsForPermits.Add(1, Endpoint(endpoint));

    public void Unsaved(int count) => unsaved.Add(count);

    public void Relayed(string store, int count) => relayed.Add(count, Store(store));

    public void LeasesLost(string store, int count) => leasesLost.Add(count, Store(store));

    public void Due(string store, int count) => scheduled.Add(count, Store(store));

    private static KeyValuePair<string, object?> Endpoint(string name) => new("messaging.toolkit.endpoint", name);

    private static KeyValuePair<string, object?> Store(string name) => new("messaging.toolkit.store", name);
}
