using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Stock;

namespace OrderFulfilment.Checkout;

/// <summary>At "stock": puts aside what an order needs, or says that there is not enough, and puts it back.</summary>
public sealed class GoodsHandlers(FulfilmentDb db) : IHandle<ReserveGoods>, IHandle<ReleaseGoods>
{
    public async Task HandleAsync(ReserveGoods message, MessageContext context, CancellationToken cancellationToken)
    {
        if (await Shelf.TryTakeAsync(db, message.Product, message.Quantity, cancellationToken))
        {
            db.Reservations.Add(new Reservation { OrderId = message.OrderId, Product = message.Product, Quantity = message.Quantity });
            context.Reply(new GoodsReserved(message.OrderId));
        }
        else
        {
            context.Reply(new GoodsUnavailable(message.OrderId));
        }

        db.Note(message.OrderId, context);
    }

    /// <summary>The saga hears by itself that this has been handled.</summary>
    public async Task HandleAsync(ReleaseGoods message, MessageContext context, CancellationToken cancellationToken)
    {
        var reservation = await db.Reservations.SingleAsync(reservation => reservation.OrderId == message.OrderId, cancellationToken);
        await Shelf.PutBackAsync(db, reservation, cancellationToken);
        db.Note(message.OrderId, context);
    }
}
