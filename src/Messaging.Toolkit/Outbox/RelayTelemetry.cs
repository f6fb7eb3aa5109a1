using System.Diagnostics;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Outbox;

/// <summary>
/// What is told of what one store's outbox sends over one transport. The span of a batch lasts until the transport has taken it; what its destination says of it comes later and
/// is counted then. Throws nothing.
/// </summary>
internal sealed class RelayTelemetry(string store, ITransport transport, Addresses addresses, MessagingTracer tracer, MessagingMetrics metrics, TimeProvider time)
{
    private readonly string system = NamedTransport.SystemOf(transport);

    /// <summary>Notes where messages go, to be counted there when their destinations say what has become of them.</summary>
    public void Address(IReadOnlyList<(OutboxRecord Record, MessageEnvelope Envelope)> messages)
    {
        if (metrics.Client.CountsSent)
        {
            foreach (var (record, envelope) in messages)
            {
                record.Address = record.Destination == transport.DeadLetterDestination ? record.Destination : addresses.OnMetrics(envelope);
            }
        }
    }

    /// <summary>A batch is about to be handed over. Its span is the present one for whoever is called from the same method.</summary>
    public Batch Begin(IReadOnlyList<TransportMessage> messages)
        => new(messages.Count, time.GetTimestamp(), MessagingTracer.IsListened ? Start(messages) : null);

    /// <summary>The transport has it, or has failed.</summary>
    public void End(Batch batch, Exception? failure)
    {
        var errorType = failure?.GetType().FullName;
        metrics.Client.HandedOver(system, store, batch.Count, time.GetElapsedTime(batch.Begun), errorType);
        if (batch.Span is { } span)
        {
            tracer.End(span, errorType, next: null);
        }
    }

    /// <summary>A destination says what has become of a message.</summary>
    public void Reported(OutboxRecord record, SendStatus status)
    {
        if (status == SendStatus.Returned)
        {
            metrics.RelayRetries(store, 1);
        }

        metrics.Client.Sent(system, record.Address ?? Addresses.Other, status switch { SendStatus.Confirmed => null, SendStatus.Returned => "returned", _ => "refused" });
    }

    /// <summary>A sender is gone, and nobody knows what has become of some messages.</summary>
    public void Lost(int count)
    {
        if (count > 0)
        {
            metrics.RelayRetries(store, count);
        }
    }

    private Activity? Start(IReadOnlyList<TransportMessage> messages)
    {
        var tags = new TagList
        {
            { TagNames.System, system },
            { TagNames.Operation, Operations.Send },
            { TagNames.OperationType, Operations.Send },
            { TagNames.BatchCount, messages.Count },
            { TagNames.Store, store },
        };
        var places = messages.Select(message => addresses.Of(message.Envelope)).Distinct(StringComparer.Ordinal).Take(2).ToList();
        if (places is [var only])
        {
            tags.Add(TagNames.Destination, only);
        }

        return tracer.Start(places is [var place] ? $"{Operations.Send} {place}" : Operations.Send, ActivityKind.Client, parent: default, tags, LinksTo(messages));
    }

    private static List<ActivityLink> LinksTo(IReadOnlyList<TransportMessage> messages)
    {
        var links = new List<ActivityLink>(messages.Count);
        foreach (var message in messages)
        {
            if (TraceContext.TryParse(message.Envelope.TraceParent, message.Envelope.TraceState, out var creation))
            {
                links.Add(new ActivityLink(creation));
            }
        }

        return links;
    }

    /// <summary>What is being handed over.</summary>
    /// <param name="Count">How many messages.</param>
    /// <param name="Begun">When it began.</param>
    /// <param name="Span">Its span; null if nobody listens.</param>
    public readonly record struct Batch(int Count, long Begun, Activity? Span);
}
