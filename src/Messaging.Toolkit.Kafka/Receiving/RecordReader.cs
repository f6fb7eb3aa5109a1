using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Sending;
using Messaging.Toolkit.Kafka.Topics;
using Messaging.Toolkit.Messages;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Kafka.Receiving;

/// <summary>Reads what comes, whoever has sent it: whatever it is, it becomes an envelope, unless it is for somebody else.</summary>
internal sealed class RecordReader(string endpoint, TopicMap topics, KafkaOptions options, MessageIds ids, ILogger logger)
{
    public string Endpoint => endpoint;

    /// <summary>Null if it is for nobody here: a message of another endpoint's, or a tombstone that nobody asks for.</summary>
    public MessageEnvelope? Read(ConsumeResult<byte[]?, byte[]?> record)
    {
        var headers = record.Message.Headers ?? [];
        var broker = new BrokerAttributes
        {
            NewId = ids.New(),
            Time = record.Message.Timestamp.UtcDateTime,
            Id = string.Create(CultureInfo.InvariantCulture, $"{record.Topic}/{record.Partition.Value}/{record.Offset.Value}"), // So a copy of it is known as one.
            Type = topics.OnlyEventOf(record.Topic),
            ContentType = ContentTypeOf(headers),
        };
        var envelope = KafkaHeaders.CloudEvents.Read(KeyOf(record.Message.Key).Concat(HeadersOf(headers)), broker, record.Message.Value ?? []);
        if (record.Message.Value is null)
        {
            return options.MapTombstone is null ? null : Map(nameof(options.MapTombstone), options.MapTombstone, record.Topic, envelope);
        }

        if (envelope.Type.Length == 0 && options.MapForeign is not null)
        {
            // Nothing but the application knows what it is for.
            return Map(nameof(options.MapForeign), foreign => options.MapForeign(foreign) ?? throw new InvalidOperationException("MapForeign has returned null."), record.Topic, envelope);
        }

        return topics.Accepts(endpoint, record.Topic, envelope) ? envelope : null;
    }

    /// <summary>What cannot be mapped stays as it is, and is a dead letter for that.</summary>
    private MessageEnvelope? Map(string option, Func<KafkaForeignMessage, MessageEnvelope?> map, string topic, MessageEnvelope envelope)
    {
        try
        {
            return map(new KafkaForeignMessage(endpoint, topic, envelope));
        }
        catch (Exception exception)
        {
            logger.NotMapped(option, envelope.Id, endpoint, exception);
            return envelope;
        }
    }

    /// <summary>The key of the record is the ordering key, unless the headers say another one.</summary>
    private static IEnumerable<KeyValuePair<string, string>> KeyOf(byte[]? key) => key is null ? [] : [KeyValuePair.Create(KafkaHeaders.PartitionKey, TextOf(key))];

    private static string? ContentTypeOf(Headers headers)
        => headers.BackingList.LastOrDefault(IsContentType)?.GetValueBytes() is { Length: > 0 } value ? TextOf(value) : null;

    /// <summary>Of several of one name the last counts. One of CloudEvents' without a value says nothing.</summary>
    private static IEnumerable<KeyValuePair<string, string>> HeadersOf(Headers headers)
        => headers.BackingList.Where(header => !IsContentType(header))
            .Select(header => (header.Key, Value: header.GetValueBytes()))
            .Where(header => header.Value is not null || !header.Key.StartsWith("ce_", StringComparison.OrdinalIgnoreCase))
            .Select(header => KeyValuePair.Create(header.Key, TextOf(header.Value)));

    private static bool IsContentType(IHeader header) => header.Key.Equals(KafkaHeaders.ContentType, StringComparison.OrdinalIgnoreCase);

    /// <summary>Bytes that are no text as Base64.</summary>
    private static string TextOf(byte[]? bytes) => bytes is null ? "" : Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : Convert.ToBase64String(bytes);
}
