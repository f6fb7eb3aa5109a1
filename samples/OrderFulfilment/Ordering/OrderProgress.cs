using Messaging.Toolkit;
using OrderFulfilment.Payment;
using OrderFulfilment.Shipping;
using OrderFulfilment.Stock;

namespace OrderFulfilment.Ordering;

/// <summary>Writes down how far an order has come, and has its card charged once the stock is put aside.</summary>
public sealed class OrderProgress(FulfilmentDb db) :
    IHandle<StockReserved>, IHandle<StockUnavailable>, IHandle<StockReleased>,
    IHandle<CardCharged>, IHandle<CardDeclined>, IHandle<OrderShipped>
{
    public async Task HandleAsync(StockReserved message, MessageContext context, CancellationToken cancellationToken)
    {
        var order = await MoveAsync(message.OrderId, OrderStatus.Reserved, null, context, cancellationToken);
        context.Send(new ChargeCard(order.Id, order.Customer, order.CardToken, order.Amount));
    }

    public Task HandleAsync(StockUnavailable message, MessageContext context, CancellationToken cancellationToken)
        => MoveAsync(message.OrderId, OrderStatus.Rejected, "out of stock", context, cancellationToken);

    public Task HandleAsync(CardCharged message, MessageContext context, CancellationToken cancellationToken)
        => MoveAsync(message.OrderId, OrderStatus.Paid, null, context, cancellationToken);

    public Task HandleAsync(CardDeclined message, MessageContext context, CancellationToken cancellationToken)
        => MoveAsync(message.OrderId, OrderStatus.Declined, message.Reason, context, cancellationToken);

    public Task HandleAsync(StockReleased message, MessageContext context, CancellationToken cancellationToken)
        => MoveAsync(message.OrderId, OrderStatus.Cancelled, null, context, cancellationToken);

    public Task HandleAsync(OrderShipped message, MessageContext context, CancellationToken cancellationToken)
        => MoveAsync(message.OrderId, OrderStatus.Completed, null, context, cancellationToken);

    private async Task<Order> MoveAsync(Guid orderId, OrderStatus next, string? reason, MessageContext context, CancellationToken cancellationToken)
    {
        var order = await db.Orders.FindAsync([orderId], cancellationToken)
            ?? throw new InvalidOperationException($"There is no order {orderId}.");
        order.MoveTo(next, reason);
        db.Note(orderId, context);
        return order;
    }
}
