using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Shipping;

namespace OrderFulfilment.Stock;

/// <summary>What was put aside has left the house.</summary>
public sealed class CloseReservation(FulfilmentDb db) : IHandle<OrderShipped>
{
    public async Task HandleAsync(OrderShipped message, MessageContext context, CancellationToken cancellationToken)
    {
        var reservation = await db.Reservations.SingleAsync(reservation => reservation.OrderId == message.OrderId, cancellationToken);
        reservation.State = ReservationState.Shipped;
        db.Note(message.OrderId, context);
    }
}
