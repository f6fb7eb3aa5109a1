using Messaging.Toolkit;
using OrderFulfilment.Ordering;

namespace OrderFulfilment.Stock;

/// <summary>Puts aside what an order needs, or says that there is not enough.</summary>
public sealed class ReserveStock(FulfilmentDb db) : IHandle<OrderPlaced>
{
    public async Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
    {
        if (await Shelf.TryTakeAsync(db, message.Product, message.Quantity, cancellationToken))
        {
            db.Reservations.Add(new Reservation { OrderId = message.OrderId, Product = message.Product, Quantity = message.Quantity });
            context.Publish(new StockReserved(message.OrderId, message.Customer, message.Product, message.Quantity));
        }
        else
        {
            context.Publish(new StockUnavailable(message.OrderId, message.Customer));
        }

        db.Note(message.OrderId, context);
    }
}
