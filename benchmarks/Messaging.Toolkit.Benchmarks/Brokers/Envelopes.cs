using System.Buffers;
using System.Globalization;
using Messaging.Toolkit.Benchmarks.Shop;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Benchmarks.Brokers;

/// <summary>Messages as the toolkit makes them, for those who send without it.</summary>
internal static class Envelopes
{
    private static readonly JsonMessageSerializer Serializer = new();

    public static MessageEnvelope Create(int number)
    {
        var order = OrderPlaced.Create(number);
        var body = new ArrayBufferWriter<byte>();
        Serializer.Serialize(order, typeof(OrderPlaced), body);

        var id = Guid.CreateVersion7();
        return new MessageEnvelope
        {
            Id = id,
            Type = OrderPlaced.Name,
            Source = "/" + AppDomain.CurrentDomain.FriendlyName,
            Time = DateTimeOffset.UtcNow,
            ContentType = Serializer.ContentType,
            Key = order.Customer.ToString(CultureInfo.InvariantCulture),
            ConversationId = id,
            Body = body.WrittenMemory.ToArray(),
        };
    }
}
