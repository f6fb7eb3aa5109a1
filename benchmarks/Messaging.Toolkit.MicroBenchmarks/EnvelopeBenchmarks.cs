using BenchmarkDotNet.Attributes;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.MicroBenchmarks;

/// <summary>What an envelope's attributes cost on their way into a row of the outbox and out of it.</summary>
public class EnvelopeBenchmarks
{
    private static readonly MessageEnvelope Envelope = new()
    {
        Id = Guid.CreateVersion7(), Type = "shop.order-placed", Source = "/shop", Time = DateTimeOffset.UnixEpoch, ContentType = "application/json", Key = "customer-1",
        ConversationId = Guid.CreateVersion7(), CausationId = Guid.CreateVersion7(), TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Body = new byte[300],
    };

    private readonly string headers = EnvelopeHeaders.Write(Envelope);

    [Benchmark]
    public string Write() => EnvelopeHeaders.Write(Envelope);

    [Benchmark]
    public MessageEnvelope Read() => EnvelopeHeaders.Read(Envelope.Id, Envelope.Type, Envelope.Key, headers, Envelope.Body);
}
