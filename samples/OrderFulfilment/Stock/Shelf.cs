using Microsoft.EntityFrameworkCore;

namespace OrderFulfilment.Stock;

/// <summary>Takes goods off the shelf and puts them back.</summary>
public static class Shelf
{
    /// <summary>
    /// Looks and takes in one statement, so that two orders never get the same last piece. It runs in the handler's transaction, like
    /// everything done through the context.
    /// </summary>
    public static async Task<bool> TryTakeAsync(FulfilmentDb db, string product, int quantity, CancellationToken cancellationToken)
        => await db.StockLevels
            .Where(level => level.Product == product && level.Available >= quantity)
            .ExecuteUpdateAsync(set => set.SetProperty(level => level.Available, level => level.Available - quantity), cancellationToken) > 0;

    public static Task PutBackAsync(FulfilmentDb db, Reservation reservation, CancellationToken cancellationToken)
    {
        reservation.State = ReservationState.Released;
        return db.StockLevels
            .Where(level => level.Product == reservation.Product)
            .ExecuteUpdateAsync(set => set.SetProperty(level => level.Available, level => level.Available + reservation.Quantity), cancellationToken);
    }
}
