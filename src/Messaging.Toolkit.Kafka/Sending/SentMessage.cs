using System.Text;
using Confluent.Kafka;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Kafka.Sending;

/// <summary>A message on its way to Kafka. It is used again for others: the client hands it back with the report.</summary>
internal sealed class SentMessage
{
    public SentMessage() => Content.Key = this;

    public long Token { get; private set; }

    public Guid Id { get; private set; }

    public string Topic { get; private set; } = "";

    /// <summary>What the partition is chosen by; null if any will do.</summary>
    public byte[]? Key { get; private set; }

    /// <summary>What the client gets.</summary>
    public Message<SentMessage, ReadOnlyMemory<byte>> Content { get; } = new();

    /// <summary>When it was handed to the client, as a timestamp.</summary>
    public long ProducedAt { get; set; }

    public void Fill(long token, string topic, MessageEnvelope envelope)
    {
        Token = token;
        Id = envelope.Id;
        Topic = topic;
        Key = envelope.Key is { } key ? Encoding.UTF8.GetBytes(key) : null;
        Content.Headers = KafkaHeaders.Of(envelope);
        Content.Value = envelope.Body;
    }

    /// <summary>It keeps nobody's bytes.</summary>
    public void Clear()
    {
        Key = null;
        Content.Headers = null;
        Content.Value = default;
    }
}
