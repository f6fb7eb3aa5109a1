using System.Diagnostics.Metrics;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Measuring;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Tests.Runtime;

namespace Messaging.Toolkit.Tests.Diagnostics;

/// <summary>A gauge says what is so, or nothing.</summary>
public sealed class StoreGaugesTests : IDisposable
{
    private readonly ManualTimeProvider time = new();
    private readonly FiguresStore store = new() { Figures = new() { OutboxPending = 3, OutboxOldestAge = TimeSpan.FromSeconds(2), Parked = 4, DeadLetters = 5, ScheduleLag = TimeSpan.FromSeconds(6) } };
    private readonly ObservabilityOptions options = new();
    private readonly ObservedStores stores = new();
    private readonly StoreWatch watch;
    private readonly MessagingMetrics metrics;
    private Measured<IReadOnlyList<SagaStanding>>? sagas;

    public StoreGaugesTests()
    {
        watch = new StoreWatch(store, options, time);
        stores.Add(new ObservedStore("shop", watch, () => 21, () => sagas, options, time));
        metrics = new MessagingMetrics(stores: stores);
    }

    public void Dispose() => metrics.Dispose();

    [Fact]
    public async Task They_say_what_was_measured_last_and_nothing_when_that_is_too_old()
    {
        Collect().Keys.Should().BeEquivalentTo("messaging.toolkit.lease.owned");

        using var measured = new CancellationTokenSource();
        var round = watch.RunOnceAsync(measured.Token);
        measured.Cancel();
        await round.Invoking(x => x).Should().ThrowAsync<OperationCanceledException>();
        Collect().Should().BeEquivalentTo(new Dictionary<string, double>
        {
            ["messaging.toolkit.outbox.pending"] = 3, ["messaging.toolkit.outbox.oldest.age"] = 2, ["messaging.toolkit.parking.pending"] = 4,
            ["messaging.toolkit.dead_letter.pending"] = 5, ["messaging.toolkit.schedule.lag"] = 6, ["messaging.toolkit.lease.owned"] = 21,
        });

        time.Advance(options.MeasureInterval * 3 + TimeSpan.FromSeconds(1));
        Collect().Keys.Should().BeEquivalentTo("messaging.toolkit.lease.owned");
    }

    [Fact]
    public void Sagas_are_counted_by_definition_and_status()
    {
        sagas = new([new("checkout", 1, "s", SagaStatus.Running, "ship", 2), new("checkout", 2, "t", SagaStatus.Running, "pay", 3), new("checkout", 1, "s", SagaStatus.Stuck, "ship", 1)], time.GetTimestamp());

        Collect().Where(gauge => gauge.Key.StartsWith("messaging.toolkit.saga.instances")).Should().BeEquivalentTo(new Dictionary<string, double>
        {
            ["messaging.toolkit.saga.instances checkout running"] = 5, ["messaging.toolkit.saga.instances checkout stuck"] = 1,
        });
    }

    /// <summary>By name and, of sagas, definition and status.</summary>
    private Dictionary<string, double> Collect()
    {
        var found = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter, metrics.Meter))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => found.Add(NameOf(instrument, tags), value));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => found.Add(NameOf(instrument, tags), value));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => found.Add(NameOf(instrument, tags), value));
        listener.Start();
        listener.RecordObservableInstruments();
        return found;
    }

    private static string NameOf(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        => string.Join(' ', tags.ToArray().Where(tag => tag.Key.StartsWith("messaging.toolkit.saga")).Select(tag => tag.Value).Prepend(instrument.Name));
}
