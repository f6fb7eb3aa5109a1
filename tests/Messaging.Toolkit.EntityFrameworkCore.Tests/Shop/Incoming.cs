using System.Text.Json;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;

/// <summary>Messages as a transport brings them.</summary>
internal static class Incoming
{
    public static MessageEnvelope Order(string order, int number)
    {
        var id = Guid.CreateVersion7();
        return new MessageEnvelope
        {
            Id = id,
            Type = "shop.order-placed",
            Source = "/test",
            Time = DateTimeOffset.UnixEpoch,
            ContentType = "application/json",
            ConversationId = id,
            Key = order,
            Body = JsonSerializer.SerializeToUtf8Bytes(new OrderPlaced(order, number), JsonSerializerOptions.Web),
        };
    }
}
