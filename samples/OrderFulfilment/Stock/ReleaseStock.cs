using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Payment;

namespace OrderFulfilment.Stock;

/// <summary>The compensation of <see cref="ReserveStock"/>: a declined card puts the goods back on the shelf.</summary>
public sealed class ReleaseStock(FulfilmentDb db) : IHandle<CardDeclined>
{
    public async Task HandleAsync(CardDeclined message, MessageContext context, CancellationToken cancellationToken)
    {
        var reservation = await db.Reservations.SingleAsync(reservation => reservation.OrderId == message.OrderId, cancellationToken);
        await Shelf.PutBackAsync(db, reservation, cancellationToken);
        context.Publish(new StockReleased(message.OrderId, message.Customer));
        db.Note(message.OrderId, context);
    }
}
