using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Ordering;

namespace OrderFulfilment.Checkout;

/// <summary>Writes the order, as its customer sees it.</summary>
public sealed class RecordOrder(FulfilmentDb db) : ISagaActivity<CheckoutState>
{
    public Task<ActivityResult> ExecuteAsync(CheckoutState state, ActivityContext context, CancellationToken cancellationToken)
    {
        db.Orders.Add(state.ToOrder());
        return Task.FromResult(ActivityResult.Done);
    }
}

/// <summary>The compensation of <see cref="RecordOrder"/>: the order stays, and says why nothing came of it.</summary>
public sealed class RejectOrder(FulfilmentDb db) : ISagaActivity<CheckoutState>
{
    public async Task<ActivityResult> ExecuteAsync(CheckoutState state, ActivityContext context, CancellationToken cancellationToken)
    {
        var order = await db.Orders.SingleAsync(order => order.Id == state.OrderId, cancellationToken);
        order.MoveTo(OrderStatus.Rejected, context.Reason);
        return ActivityResult.Done;
    }
}

/// <summary>The last word on an order.</summary>
public sealed class CompleteOrder(FulfilmentDb db) : ISagaActivity<CheckoutState>
{
    public async Task<ActivityResult> ExecuteAsync(CheckoutState state, ActivityContext context, CancellationToken cancellationToken)
    {
        var order = await db.Orders.SingleAsync(order => order.Id == state.OrderId, cancellationToken);
        order.MoveTo(OrderStatus.Completed);
        return ActivityResult.Done;
    }
}
