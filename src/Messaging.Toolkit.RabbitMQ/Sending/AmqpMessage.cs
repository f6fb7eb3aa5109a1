using System.Text;
using Messaging.Toolkit.Messages;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Sending;

/// <summary>Envelopes as AMQP 0-9-1 writes them: CloudEvents headers, and the fields that AMQP has of its own beside them.</summary>
internal static class AmqpMessage
{
    /// <summary>One separator in what is written, both in what is read.</summary>
    public static readonly CloudEventHeaders CloudEvents = new("cloudEvents_", "cloudEvents:");

    /// <summary>For the fields beside the headers, and what each header needs beside its texts.</summary>
    private const int FixedSize = 512;
    private const int SizePerHeader = 8;

    public static BasicProperties PropertiesOf(MessageEnvelope envelope)
    {
        var headers = new Dictionary<string, object?>(12 + envelope.Headers.Count, StringComparer.Ordinal);
        CloudEvents.Write(envelope, headers, static (headers, name, value) => headers[name] = value);
        return new BasicProperties
        {
            DeliveryMode = DeliveryModes.Persistent,
            ContentType = envelope.ContentType,
            MessageId = envelope.Id.ToString(),
            Type = Fits(envelope.Type) ? envelope.Type : null,
            CorrelationId = envelope.CorrelationId is { } correlation && Fits(correlation) ? correlation : null,
            Timestamp = new AmqpTimestamp(envelope.Time.ToUnixTimeSeconds()),
            Headers = headers,
        };
    }

    /// <summary>How many bytes the properties take at most: they must fit into one frame.</summary>
    public static int SizeOf(BasicProperties properties)
        => FixedSize + (4 * byte.MaxValue) + properties.Headers!.Sum(header => SizePerHeader + header.Key.Length + Encoding.UTF8.GetByteCount((string)header.Value!));

    /// <summary>AMQP's short strings end at 255 bytes.</summary>
    private static bool Fits(string text) => Encoding.UTF8.GetByteCount(text) <= byte.MaxValue;
}
