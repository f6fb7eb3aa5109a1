using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Messaging.Toolkit.Diagnostics;

namespace Messaging.Toolkit.Testing.Tests.Diagnostics;

/// <summary>Listens to the toolkit's metrics.</summary>
internal sealed class Measurements : IDisposable
{
    private readonly ConcurrentQueue<(string Name, double Value, IReadOnlyDictionary<string, object?> Tags)> all = new();
    private readonly MeterListener listener = new();

    public Measurements()
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == MessagingDiagnostics.MeterName)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.Start();
    }

    public IReadOnlyList<(string Name, double Value, IReadOnlyDictionary<string, object?> Tags)> All => [.. all];

    public IReadOnlyList<(double Value, IReadOnlyDictionary<string, object?> Tags)> Of(string name) => [.. all.Where(each => each.Name == name).Select(each => (each.Value, each.Tags))];

    /// <summary>What gauges say now.</summary>
    public void Collect() => listener.RecordObservableInstruments();

    public void Dispose() => listener.Dispose();

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) => all.Enqueue((instrument.Name, value, new Dictionary<string, object?>(tags.ToArray())));
}
