using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Ordering;

namespace OrderFulfilment.Stock;

/// <summary>Puts aside what an order needs, or says that there is not enough.</summary>
public sealed class ReserveStock(FulfilmentDb db) : IHandle<OrderPlaced>
{
    public async Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
    {
        // Looks and takes in one statement, so that two orders never get the same last piece. It runs in the handler's
        // transaction, like everything done through the context.
        var taken = await db.StockLevels
            .Where(level => level.Product == message.Product && level.Available >= message.Quantity)
            .ExecuteUpdateAsync(set => set.SetProperty(level => level.Available, level => level.Available - message.Quantity), cancellationToken);
        if (taken == 0)
        {
            context.Publish(new StockUnavailable(message.OrderId, message.Customer));
        }
        else
        {
            db.Reservations.Add(new Reservation { OrderId = message.OrderId, Product = message.Product, Quantity = message.Quantity });
            context.Publish(new StockReserved(message.OrderId, message.Customer, message.Product, message.Quantity));
        }

        db.Note(message.OrderId, context);
    }
}
