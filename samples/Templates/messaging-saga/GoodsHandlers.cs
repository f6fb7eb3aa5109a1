using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;

namespace MessagingSaga;

/// <summary>The other side of the saga: it answers whoever asks, and does not know who that is.</summary>
sealed class GoodsHandlers(ServiceDb db) : IHandle<ReserveGoods>, IHandle<ReleaseGoods>
{
    public async Task HandleAsync(ReserveGoods message, MessageContext context, CancellationToken cancellationToken)
    {
        // One statement takes the goods only if they are there, whoever else wants them now. It is part of the handler's transaction.
        var taken = await db.Stock.Where(level => level.Product == message.Product && level.Available >= message.Quantity)
            .ExecuteUpdateAsync(set => set.SetProperty(level => level.Available, level => level.Available - message.Quantity), cancellationToken);
        if (taken == 0)
        {
            context.Reply(new GoodsUnavailable(message.OrderId));
            return;
        }

        db.Reservations.Add(new Reservation { OrderId = message.OrderId, Product = message.Product, Quantity = message.Quantity });
        context.Reply(new GoodsReserved(message.OrderId));
    }

    public async Task HandleAsync(ReleaseGoods message, MessageContext context, CancellationToken cancellationToken)
    {
        var reservation = await db.Reservations.SingleAsync(reservation => reservation.OrderId == message.OrderId, cancellationToken);
        await db.Stock.Where(level => level.Product == reservation.Product)
            .ExecuteUpdateAsync(set => set.SetProperty(level => level.Available, level => level.Available + reservation.Quantity), cancellationToken);
        db.Reservations.Remove(reservation);
    }
}
