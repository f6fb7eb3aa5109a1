using System.Text;
using Confluent.Kafka;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Benchmarks.Brokers.Kafka;

/// <summary>Messages as the toolkit sends them to Kafka, ready to be produced by the bare client: <see cref="HeaderBytes"/> tells whether they are.</summary>
internal static class KafkaMessages
{
    private static readonly CloudEventHeaders CloudEvents = new("ce_");

    public static Message<byte[], byte[]> Create(int number)
    {
        var envelope = Envelopes.Create(number);
        var headers = new Headers();
        Add(headers, "content-type", envelope.ContentType);
        CloudEvents.Write(envelope, headers, Add);
        return new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(envelope.Key!), Value = envelope.Body.ToArray(), Headers = headers };
    }

    public static int HeaderBytes(Headers headers) => headers.Sum(header => header.Key.Length + header.GetValueBytes().Length);

    private static void Add(Headers headers, string name, string value) => headers.Add(name, Encoding.UTF8.GetBytes(value));
}
