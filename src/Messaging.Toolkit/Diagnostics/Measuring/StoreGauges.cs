using System.Diagnostics.Metrics;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Diagnostics.Measuring;

/// <summary>
/// The gauges of stores. They report what was measured last, and nothing if that is too long ago: a number that is not true any more is worse than none. Each process reports
/// the whole of a store, and not a share.
/// </summary>
internal static class StoreGauges
{
    public static void Add(Meter meter, ObservedStores observed)
    {
        // The runtime keeps all meters that nobody has disposed of, with whatever their gauges hold: it must not be an application that is gone.
        var stores = new WeakReference<ObservedStores>(observed);
        Gauge("messaging.toolkit.outbox.pending", "{message}", "Messages in the outbox that are not confirmed; counted up to Observability.CountUpTo.", figures => figures.OutboxPending);
        Gauge("messaging.toolkit.outbox.oldest.age", "s", "How long the first message in the outbox has been there.", figures => figures.OutboxOldestAge.TotalSeconds);
        Gauge("messaging.toolkit.parking.pending", "{message}", "Messages that wait at endpoints; counted up to Observability.CountUpTo.", figures => figures.Parked);
        Gauge("messaging.toolkit.dead_letter.pending", "{message}", "Dead letters that nobody has replayed or discarded; counted up to Observability.CountUpTo.", figures => figures.DeadLetters);
        Gauge("messaging.toolkit.schedule.lag", "s", "How long the first scheduled message is overdue.", figures => figures.ScheduleLag.TotalSeconds);
        meter.CreateObservableGauge(
            "messaging.toolkit.lease.owned", () => All(stores).Select(store => new Measurement<int>(store.Leases, Of(store))), "{lease}", "Buckets of the outbox that this process relays.");
        meter.CreateObservableGauge(
            "messaging.toolkit.saga.instances", () => All(stores).SelectMany(SagasOf), "{saga}", "Sagas and process managers to which something may still happen; reported by the process that keeps house.");

        void Gauge<T>(string name, string unit, string description, Func<StoreFigures, T> of) where T : struct
            => meter.CreateObservableGauge(name, () => Present(stores, of), unit, description);
    }

    private static IReadOnlyCollection<ObservedStore> All(WeakReference<ObservedStores> stores) => stores.TryGetTarget(out var observed) ? observed.All : [];

    private static List<Measurement<T>> Present<T>(WeakReference<ObservedStores> stores, Func<StoreFigures, T> of) where T : struct
        => [.. All(stores).Select(store => (Store: store, Figures: store.Present)).Where(each => each.Figures is not null).Select(each => new Measurement<T>(of(each.Figures!), Of(each.Store)))];

    private static IEnumerable<Measurement<long>> SagasOf(ObservedStore store) => store.Sagas is not { } sagas
        ? []
        : sagas.Value.GroupBy(standing => (standing.Definition, standing.Status)).Select(group => new Measurement<long>(
            group.Sum(standing => (long)standing.Count), Of(store), new(TagNames.Saga, group.Key.Definition), new(TagNames.SagaStatus, SagaStatusNames.Of(group.Key.Status))));

    private static KeyValuePair<string, object?> Of(ObservedStore store) => new(TagNames.Store, store.Name);
}
