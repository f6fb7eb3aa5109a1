using System.Diagnostics.Metrics;
using System.Reflection;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Tracing;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Tests.Conventions;

/// <summary>What operators build alerts on: numbers of log events and names of metrics stay.</summary>
public sealed class DiagnosticsTests
{
    [Fact]
    public void Each_log_event_has_a_number_of_its_own_and_a_text_that_is_approved()
    {
        var events = new[] { Packages.Core, Packages.EntityFrameworkCore, Packages.Kafka, Packages.RabbitMQ }
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => (method.Name, Attribute: method.GetCustomAttribute<LoggerMessageAttribute>()!))
            .Where(entry => entry.Attribute is not null)
            .OrderBy(entry => entry.Attribute.EventId)
            .ToList();

        events.Should().NotBeEmpty();
        events.Select(entry => entry.Attribute.EventId).Should().OnlyHaveUniqueItems();
        Approval.Verify("LogEvents", events.Select(entry => $"{entry.Attribute.EventId} {entry.Attribute.Level} {entry.Name}: {entry.Attribute.Message}"));
    }

    [Fact]
    public void Names_and_units_of_metrics_are_approved()
    {
        using var factory = new Factory();
        var instruments = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, factory))
                {
                    instruments.Add($"{instrument.GetType().Name.Split('`')[0]} {instrument.Name} {instrument.Unit}: {instrument.Description}");
                }
            },
        };
        listener.Start();

        _ = new MessagingMetrics(factory);

        MessagingDiagnostics.MeterName.Should().Be("Messaging.Toolkit");
        MessagingDiagnostics.ActivitySourceName.Should().Be("Messaging.Toolkit");
        Approval.Verify("Metrics", instruments.Order(StringComparer.Ordinal));
    }

    /// <summary>Names of spans are an operation and, behind it, where it goes.</summary>
    [Fact]
    public void Attributes_and_operations_are_approved()
        => Approval.Verify("Telemetry", new[] { typeof(Operations), typeof(TagNames) }
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public).Select(field => $"{type.Name}: {field.GetRawConstantValue()}")).Order(StringComparer.Ordinal));

    private sealed class Factory : IMeterFactory
    {
        private readonly List<Meter> meters = [];

        public Meter Create(MeterOptions options)
        {
            options.Name.Should().Be(MessagingDiagnostics.MeterName);
            var meter = new Meter(options.Name, options.Version, options.Tags, scope: this);
            meters.Add(meter);
            return meter;
        }

        public void Dispose() => meters.ForEach(meter => meter.Dispose());
    }
}
