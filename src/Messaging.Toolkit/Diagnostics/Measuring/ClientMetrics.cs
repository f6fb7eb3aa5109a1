using System.Diagnostics;
using System.Diagnostics.Metrics;
using Messaging.Toolkit.Diagnostics.Tracing;

namespace Messaging.Toolkit.Diagnostics.Measuring;

/// <summary>
/// The instruments of OpenTelemetry's conventions for messaging, and those of the toolkit that measure the same operations. None carries an id or a key.
/// </summary>
internal sealed class ClientMetrics(Meter meter, ListenerGuard guard)
{
    /// <summary>What the conventions advise for durations, in seconds.</summary>
    private static readonly double[] Durations = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    /// <summary>A message may have waited for hours.</summary>
    private static readonly double[] Lags = [.. Durations, 30, 60, 300, 900, 3600, 14_400, 86_400];

    private static readonly int[] Batches = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000];

    private readonly Counter<long> sent = meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Messages that a destination has taken, or, with an error type, has not taken.");
    private readonly Counter<long> consumed = meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Messages that a transport has brought to an endpoint, duplicates too.");
    private readonly Histogram<double> operations = meter.CreateHistogram(
        "messaging.client.operation.duration", "s", "How long it takes to hand a batch over to a transport, or to settle one.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Durations });
    private readonly Histogram<double> processing = meter.CreateHistogram(
        "messaging.process.duration", "s", "How long an attempt at a message takes, from its first handler until it is committed and settled.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Durations });
    private readonly Histogram<double> lags = meter.CreateHistogram(
        "messaging.toolkit.endpoint.lag", "s", "How long it takes from the time when a message was published, by the publisher's clock, until it is handled.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Lags });
    private readonly Histogram<int> batches = meter.CreateHistogram(
        "messaging.toolkit.relay.batch.size", "{message}", "Messages that the relay hands over at once.", tags: null, new InstrumentAdvice<int> { HistogramBucketBoundaries = Batches });

    /// <summary>Whether somebody wants to know where sent messages went.</summary>
    public bool CountsSent => sent.Enabled;

    public void Sent(string system, string destination, string? errorType)
    {
        if (!sent.Enabled)
        {
            return;
        }

        var tags = OperationOf(system, Operations.Send, Operations.Send);
        tags.Add(TagNames.Destination, destination);
        AddError(ref tags, errorType);
        guard.Add(sent, 1, tags);
    }

    public void HandedOver(string system, string store, int count, TimeSpan duration, string? errorType)
    {
        if (batches.Enabled)
        {
            guard.Record(batches, count, new TagList { { TagNames.System, system }, { TagNames.Store, store } });
        }

        if (operations.Enabled)
        {
            var tags = OperationOf(system, Operations.Send, Operations.Send);
            AddError(ref tags, errorType);
            guard.Record(operations, duration.TotalSeconds, tags);
        }
    }

    public bool CountsConsumed => consumed.Enabled;

    public void Consumed(string system, string destination, string endpoint)
        => guard.Add(consumed, 1, AtEndpoint(OperationOf(system, Operations.Receive, Operations.Receive), destination, endpoint));

    public void Settled(string system, string endpoint, TimeSpan duration, string? errorType)
    {
        if (operations.Enabled)
        {
            var tags = OperationOf(system, Operations.Settle, Operations.Settle);
            tags.Add(TagNames.Group, endpoint);
            AddError(ref tags, errorType);
            guard.Record(operations, duration.TotalSeconds, tags);
        }
    }

    public bool MeasuresProcessing => processing.Enabled;

    public void Processed(string system, string destination, string endpoint, TimeSpan duration, string? errorType)
    {
        var tags = AtEndpoint(OperationOf(system, Operations.Process, Operations.Process), destination, endpoint);
        AddError(ref tags, errorType);
        guard.Record(processing, duration.TotalSeconds, tags);
    }

    /// <summary>The clocks of two processes differ: what seems to have been handled before it was published took no time.</summary>
    public void Lagged(string endpoint, TimeSpan lag)
    {
        if (lags.Enabled)
        {
            guard.Record(lags, Math.Max(0, lag.TotalSeconds), new TagList { { TagNames.Endpoint, endpoint } });
        }
    }

    private static TagList OperationOf(string system, string name, string type)
        => new() { { TagNames.System, system }, { TagNames.Operation, name }, { TagNames.OperationType, type } };

    private static TagList AtEndpoint(TagList tags, string destination, string endpoint)
    {
        tags.Add(TagNames.Destination, destination);
        tags.Add(TagNames.Group, endpoint);
        return tags;
    }

    private static void AddError(ref TagList tags, string? errorType)
    {
        if (errorType is not null)
        {
            tags.Add(TagNames.ErrorType, errorType);
        }
    }
}
