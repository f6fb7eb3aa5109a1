using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Tests.Runtime;
using Messaging.Toolkit.Transports;
using Messaging.Toolkit.Transports.InProcess;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Tests.Diagnostics;

/// <summary>While nobody listens, what is told of a message costs no memory.</summary>
[Collection(Alone.Name)]
public sealed class UnobservedTests
{
    private const int Messages = 1000;

    private readonly ManualTimeProvider time = new();
    private readonly MessagingMetrics metrics = new();
    private readonly InProcessTransport transport = new();
    private readonly MessageEnvelope envelope = new()
    {
        Id = Guid.Empty, Type = "t", Source = "/", Time = ManualTimeProvider.Start, ContentType = "c", ConversationId = Guid.Empty, Body = default,
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", TraceState = "v=1",
    };

    [Fact]
    public void What_is_published_allocates_nothing_for_it()
    {
        MessagingTracer.IsListened.Should().BeFalse();
        AllocatedBy(() => _ = MessagingTracer.IsListened ? default : CreateSpans.Ambient(envelope)).Should().Be(0);
    }

    [Fact]
    public void What_is_read_allocates_nothing_for_it() => AllocatedBy(() => _ = TraceContext.Keep(envelope.TraceParent, envelope.TraceState)).Should().Be(0);

    [Fact]
    public void What_is_relayed_allocates_nothing_for_it()
    {
        var telemetry = new RelayTelemetry("shop", transport, Addresses(), Tracer(), metrics, time);
        var record = new OutboxRecord { Id = 1, Destination = "t", Bucket = 0, MessageId = Guid.Empty, Type = "t", Headers = "{}", Body = [] };
        IReadOnlyList<(OutboxRecord, MessageEnvelope)> read = [(record, envelope)];
        IReadOnlyList<TransportMessage> accepted = [new(1, "t", envelope)];

        AllocatedBy(() =>
        {
            telemetry.Address(read);
            telemetry.End(telemetry.Begin(accepted), failure: null);
            telemetry.Reported(record, SendStatus.Confirmed);
            telemetry.Lost(1);
            metrics.Relayed("shop", 1);
        }).Should().Be(0);
    }

    [Fact]
    public void What_is_delivered_allocates_nothing_for_it()
    {
        var telemetry = new DeliveryTelemetry("billing", "in-process", Addresses(), Tracer(), metrics.Client, isLinked: false, time);
        var intake = new Intake(transport, new TransportCollection([new("in-process", transport)]), new WorkState("intake"), time);
        var work = new Work(new Delivery(envelope), receiver: null!, intake);
        IReadOnlyList<Delivery> deliveries = [work.Delivery];
        IReadOnlyList<Work> group = [work];
        Verdict[] verdicts = [Verdict.Done];
        var failure = new InvalidOperationException();

        AllocatedBy(() =>
        {
            telemetry.Received(intake, deliveries);
            telemetry.Begin(work);
            DeliveryTelemetry.Fail(work, failure);
            telemetry.Settled(intake, time.GetTimestamp(), failure: null);
            telemetry.End(group, verdicts);
            metrics.Handled("billing", 1);
        }).Should().Be(0);
    }

    private MessagingTracer Tracer() => new(metrics.Guard, time);

    private static Addresses Addresses()
    {
        var services = new ServiceCollection();
        services.AddMessaging(messaging =>
        {
            messaging.Stores.Add("shop");
            messaging.Event<Note>(e => e.Named("t"));
        });
        return new(services.Select(service => service.ImplementationInstance).OfType<MessagingModel>().Single());
    }

    /// <summary>By many calls together: of a single one the runtime's own allocations might be seen.</summary>
    private static long AllocatedBy(Action call)
    {
        for (var i = 0; i < Messages; i++)
        {
            call();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Messages; i++)
        {
            call();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private sealed record Note;
}
