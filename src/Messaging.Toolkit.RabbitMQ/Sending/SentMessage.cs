using Messaging.Toolkit.RabbitMQ.Topology;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.RabbitMQ.Sending;

/// <summary>A message on its way to the broker.</summary>
internal sealed class SentMessage(TransportMessage message, Route route)
{
    public long Token => message.Token;

    public TransportMessage Message => message;

    public string? Key => message.Envelope.Key;

    public Route Route => route;

    /// <summary>When it was published, as a timestamp.</summary>
    public long PublishedAt { get; set; }

    /// <summary>How often the broker had no queue for it.</summary>
    public int Unroutable { get; set; }

    /// <summary>Whether it has come back; its confirm follows.</summary>
    public bool HasComeBack { get; set; }
}
