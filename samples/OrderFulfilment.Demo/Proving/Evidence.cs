using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.History;
using OrderFulfilment.Ordering;
using OrderFulfilment.Payment;
using OrderFulfilment.Shipping;
using OrderFulfilment.Stock;

namespace OrderFulfilment.Demo.Proving;

/// <summary>All that is in the database.</summary>
internal sealed record Evidence(
    IReadOnlyList<Order> Orders, IReadOnlyList<HistoryEntry> History, IReadOnlyList<StockLevel> StockLevels, IReadOnlyList<Reservation> Reservations,
    IReadOnlyList<CardPayment> Payments, IReadOnlyList<Shipment> Shipments, IReadOnlyList<OutboxRow> Outbox, IReadOnlyList<DeadLetterRow> DeadLetters)
{
    public static async Task<Evidence> ReadAsync(FulfilmentDb db) => new(
        await db.Orders.AsNoTracking().ToListAsync(),
        await db.History.AsNoTracking().OrderBy(entry => entry.Id).ToListAsync(),
        await db.StockLevels.AsNoTracking().ToListAsync(),
        await db.Reservations.AsNoTracking().ToListAsync(),
        await db.Payments.AsNoTracking().ToListAsync(),
        await db.Shipments.AsNoTracking().ToListAsync(),
        await db.Set<OutboxRow>().AsNoTracking().ToListAsync(),
        await db.Set<DeadLetterRow>().AsNoTracking().ToListAsync());
}
