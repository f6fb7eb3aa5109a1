using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ.Sending;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Receiving;

/// <summary>Reads what comes, whoever has sent it: whatever it is, it becomes an envelope, and its body is copied.</summary>
internal sealed class EnvelopeReader(string endpoint, Func<ForeignMessage, MessageEnvelope>? mapForeign, MessageIds ids, TimeProvider time, ILogger logger)
{
    /// <summary>What a quorum queue adds to a message, and the .NET client of one who has it count confirms. They are nobody's headers.</summary>
    private static readonly string[] Added = ["x-delivery-count", "x-acquired-count", "x-dotnet-pub-seq-no"];

    private const int Deepest = 32;

    public MessageEnvelope Read(string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        var broker = new BrokerAttributes
        {
            NewId = ids.New(),
            Time = TimeOf(properties) ?? time.GetUtcNow(),
            Id = NullIfEmpty(properties.MessageId),
            Type = NullIfEmpty(properties.Type),
            ContentType = NullIfEmpty(properties.ContentType),
            CorrelationId = NullIfEmpty(properties.CorrelationId),
        };

        // The client's buffer is used again when the callback returns.
        var envelope = AmqpMessage.CloudEvents.Read(HeadersOf(properties), broker, body.ToArray());
        return envelope.Type.Length == 0 && mapForeign is not null ? Map(mapForeign, new ForeignMessage(endpoint, exchange, routingKey, envelope)) : envelope;
    }

    /// <summary>What cannot be mapped stays without a type, and is a dead letter for that.</summary>
    private MessageEnvelope Map(Func<ForeignMessage, MessageEnvelope> map, ForeignMessage foreign)
    {
        try
        {
            return map(foreign) ?? throw new InvalidOperationException("MapForeign has returned null.");
        }
        catch (Exception exception)
        {
            logger.NotMapped(foreign.Envelope.Id, endpoint, exception);
            return foreign.Envelope;
        }
    }

    private static DateTimeOffset? TimeOf(IReadOnlyBasicProperties properties)
        => properties.IsTimestampPresent() && properties.Timestamp.UnixTime is > 0 and < 253402300800 ? DateTimeOffset.FromUnixTimeSeconds(properties.Timestamp.UnixTime) : null;

    private static IEnumerable<KeyValuePair<string, string>> HeadersOf(IReadOnlyBasicProperties properties)
        => properties.Headers is null ? [] : properties.Headers.Where(header => !Added.Contains(header.Key)).Select(header => KeyValuePair.Create(header.Key, TextOf(header.Value)));

    /// <summary>A header of any type that AMQP has, as text: tables and lists as JSON, bytes that are no text as Base64.</summary>
    private static string TextOf(object? value) => value switch
    {
        byte[] bytes when Utf8.IsValid(bytes) => Encoding.UTF8.GetString(bytes),
        byte[] bytes => Convert.ToBase64String(bytes),
        BinaryTableValue binary => Convert.ToBase64String(binary.Bytes),
        _ => Plain(value, depth: 0) switch
        {
            null => "",
            string text => text,
            bool flag => flag ? "true" : "false",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            var nested => JsonSerializer.Serialize(nested, nested.GetType(), HeaderJson.Default),
        },
    };

    /// <summary>The same, of types that JSON knows, and no deeper than it can be.</summary>
    private static object? Plain(object? value, int depth) => value switch
    {
        AmqpTimestamp { UnixTime: > -62135596800 and < 253402300800 } timestamp => DateTimeOffset.FromUnixTimeSeconds(timestamp.UnixTime).ToString("O", CultureInfo.InvariantCulture),
        AmqpTimestamp timestamp => timestamp.UnixTime,
        byte[] or BinaryTableValue => TextOf(value),
        double number when !double.IsFinite(number) => number.ToString(CultureInfo.InvariantCulture),
        float number when !float.IsFinite(number) => number.ToString(CultureInfo.InvariantCulture),
        IDictionary<string, object?> or IList<object?> when depth == Deepest => "...",
        IDictionary<string, object?> table => table.ToDictionary(entry => entry.Key, entry => Plain(entry.Value, depth + 1)),
        IList<object?> list => list.Select(item => Plain(item, depth + 1)).ToList(),
        _ => value,
    };

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
