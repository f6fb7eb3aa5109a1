using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Payment;
using OrderFulfilment.Stock;

namespace OrderFulfilment.Shipping;

/// <summary>
/// Packs an order as soon as its stock is put aside, and ships it when it is paid. It needs the messages of an order in
/// the order in which they happened: a parcel that is paid for has been packed.
/// </summary>
public sealed class Parcels(FulfilmentDb db) : IHandle<StockReserved>, IHandle<CardCharged>, IHandle<CardDeclined>
{
    public Task HandleAsync(StockReserved message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Shipments.Add(new Shipment { OrderId = message.OrderId, Customer = message.Customer, Product = message.Product, Quantity = message.Quantity });
        db.Note(message.OrderId, context);
        return Task.CompletedTask;
    }

    public async Task HandleAsync(CardCharged message, MessageContext context, CancellationToken cancellationToken)
    {
        var shipment = await FindAsync(message.OrderId, cancellationToken);
        shipment.State = ShipmentState.Shipped;
        context.Publish(new OrderShipped(message.OrderId, message.Customer));
        db.Note(message.OrderId, context);
    }

    public async Task HandleAsync(CardDeclined message, MessageContext context, CancellationToken cancellationToken)
    {
        var shipment = await FindAsync(message.OrderId, cancellationToken);
        shipment.State = ShipmentState.Unpacked;
        db.Note(message.OrderId, context);
    }

    private Task<Shipment> FindAsync(Guid orderId, CancellationToken cancellationToken)
        => db.Shipments.SingleAsync(shipment => shipment.OrderId == orderId, cancellationToken);
}
