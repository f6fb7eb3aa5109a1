using System.Globalization;
using Messaging.Toolkit.Benchmarks.Shop;
using Messaging.Toolkit.Messages;
using RabbitMQ.Client;

namespace Messaging.Toolkit.Benchmarks.Brokers.RabbitMQ;

/// <summary>A message as the toolkit sends it to RabbitMQ, ready to be published by the bare client: <see cref="HeaderBytes"/> tells whether it is.</summary>
internal sealed record RabbitMQMessage(string RoutingKey, BasicProperties Properties, ReadOnlyMemory<byte> Body)
{
    /// <summary>The toolkit spreads keys over as many routing keys.</summary>
    private const int Buckets = 64;

    private static readonly CloudEventHeaders CloudEvents = new("cloudEvents_");

    public static List<RabbitMQMessage> CreateMany(int messages) => [.. Enumerable.Range(0, messages).Select(Create)];

    public static RabbitMQMessage Create(int number)
    {
        var envelope = Envelopes.Create(number);
        return new RabbitMQMessage((OrderPlaced.CustomerOf(number) % Buckets).ToString(CultureInfo.InvariantCulture), PropertiesOf(envelope), envelope.Body);
    }

    /// <summary>How long the names and values of the headers are.</summary>
    public static int HeaderBytes(IReadOnlyBasicProperties properties)
        => properties.Headers!.Sum(header => header.Key.Length + (header.Value is byte[] bytes ? bytes.Length : ((string)header.Value!).Length));

    private static BasicProperties PropertiesOf(MessageEnvelope envelope)
    {
        var headers = new Dictionary<string, object?>();
        CloudEvents.Write(envelope, headers, static (headers, name, value) => headers[name] = value);
        return new BasicProperties
        {
            DeliveryMode = DeliveryModes.Persistent,
            ContentType = envelope.ContentType,
            MessageId = envelope.Id.ToString(),
            Type = envelope.Type,
            Timestamp = new AmqpTimestamp(envelope.Time.ToUnixTimeSeconds()),
            Headers = headers,
        };
    }
}
