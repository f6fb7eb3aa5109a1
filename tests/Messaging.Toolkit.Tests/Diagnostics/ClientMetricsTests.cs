using System.Diagnostics.Metrics;
using Messaging.Toolkit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Tests.Diagnostics;

/// <summary>Single instruments, and who listens to them.</summary>
public sealed class ClientMetricsTests
{
    [Theory]
    [InlineData(-5, 0)]
    [InlineData(0, 0)]
    [InlineData(2.5, 2.5)]
    public void A_publisher_whose_clock_is_ahead_makes_no_negative_lag(double seconds, double expected)
    {
        using var metrics = new MessagingMetrics();
        var measured = new List<double>();
        using var listener = Listen(metrics, measured.Add);

        metrics.Client.Lagged("billing", TimeSpan.FromSeconds(seconds));

        measured.Should().Equal(expected);
    }

    [Fact]
    public void Buckets_are_those_that_the_conventions_advise()
    {
        using var metrics = new MessagingMetrics();
        var advised = new Dictionary<string, IReadOnlyList<double>?>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (ReferenceEquals(instrument.Meter, metrics.Meter) && instrument is Histogram<double> histogram)
                {
                    advised.Add(histogram.Name, histogram.Advice?.HistogramBucketBoundaries);
                }
            },
        };
        listener.Start();

        double[] conventions = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
        advised["messaging.client.operation.duration"].Should().Equal(conventions);
        advised["messaging.process.duration"].Should().Equal(conventions);
        advised["messaging.toolkit.endpoint.lag"].Should().StartWith(conventions).And.BeInAscendingOrder();
    }

    [Fact]
    public void A_listener_that_throws_is_told_of_once()
    {
        var logger = new CountingLogger();
        using var metrics = new MessagingMetrics(logger: logger);
        using var listener = Listen(metrics, _ => throw new InvalidOperationException());

        for (var i = 0; i < 10; i++)
        {
            metrics.Client.Lagged("billing", TimeSpan.FromSeconds(1));
        }

        logger.Events.Should().Equal(80);
    }

    private static MeterListener Listen(MessagingMetrics metrics, Action<double> measured)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter, metrics.Meter) && instrument.Name == "messaging.toolkit.endpoint.lag")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => measured(value));
        listener.Start();
        return listener;
    }

    private sealed class CountingLogger : ILogger
    {
        public List<int> Events { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Events.Add(eventId.Id);
    }
}
