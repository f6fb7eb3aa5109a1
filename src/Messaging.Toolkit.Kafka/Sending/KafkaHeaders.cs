using System.Text;
using Confluent.Kafka;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Kafka.Sending;

/// <summary>Envelopes as the headers of a Kafka message: CloudEvents 1.0 in binary mode.</summary>
internal static class KafkaHeaders
{
    /// <summary>CloudEvents' attribute <c>datacontenttype</c> has a header without the prefix.</summary>
    public const string ContentType = "content-type";

    public const string PartitionKey = "ce_partitionkey";

    public static readonly CloudEventHeaders CloudEvents = new("ce_");

    public static Headers Of(MessageEnvelope envelope)
    {
        var headers = new Headers();
        Add(headers, ContentType, envelope.ContentType);
        CloudEvents.Write(envelope, headers, Add);
        return headers;
    }

    private static void Add(Headers headers, string name, string value) => headers.Add(name, Encoding.UTF8.GetBytes(value));
}
