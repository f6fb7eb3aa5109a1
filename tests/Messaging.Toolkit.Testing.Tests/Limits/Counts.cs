using System.Diagnostics.Metrics;
using Messaging.Toolkit.Diagnostics;

namespace Messaging.Toolkit.Testing.Tests.Limits;

/// <summary>What the toolkit has counted in one application.</summary>
internal sealed class Counts : IMeterFactory
{
    private readonly Dictionary<string, long> sums = [];
    private readonly MeterListener listener = new();
    private readonly List<Meter> meters = [];

    public Counts()
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, this))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => sums[instrument.Name] = sums.GetValueOrDefault(instrument.Name) + value);
        listener.Start();
    }

    public long this[string instrument] => sums.GetValueOrDefault($"{MessagingDiagnostics.MeterName.ToLowerInvariant()}.{instrument}");

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options.Name, options.Version, options.Tags, scope: this);
        meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        listener.Dispose();
        meters.ForEach(meter => meter.Dispose());
    }
}
