using Messaging.Toolkit;
using OrderFulfilment.Shipping;

namespace OrderFulfilment.Checkout;

/// <summary>At "shipping": packs and ships what is paid for.</summary>
public sealed class ShipHandler(FulfilmentDb db) : IHandle<ShipGoods>
{
    public Task HandleAsync(ShipGoods message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Shipments.Add(new Shipment
        {
            OrderId = message.OrderId,
            Customer = message.Customer,
            Product = message.Product,
            Quantity = message.Quantity,
            State = ShipmentState.Shipped,
        });
        context.Reply(new GoodsShipped(message.OrderId));
        db.Note(message.OrderId, context);
        return Task.CompletedTask;
    }
}
