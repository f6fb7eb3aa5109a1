using Messaging.Toolkit.Benchmarks.Shop;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>
/// A transaction of one row and one message by EF: one SaveChanges writes both. What it does not guarantee: nothing is said about the order of messages,
/// since two transactions can commit in another order than they took their ids in; the message has no key, no headers, no trace and no conversation;
/// no limit of its size is checked; and rows that were sent stay until somebody deletes them.
/// </summary>
internal sealed class HandWrittenOutbox(HandWrittenShop shop)
{
    public async Task PlaceOrderAndPublishAsync(int number)
    {
        await using var scope = shop.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<HandWrittenDb>();
        db.Orders.Add(new Order { Id = Guid.CreateVersion7(), Customer = OrderPlaced.CustomerOf(number), Number = number });
        db.Outbox.Add(HandWrittenShop.MessageOf(number));
        await db.SaveChangesAsync();
    }
}
