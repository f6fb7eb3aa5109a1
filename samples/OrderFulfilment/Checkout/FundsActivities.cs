using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Ordering;
using OrderFulfilment.Payment;

namespace OrderFulfilment.Checkout;

/// <summary>Has the bank keep the money for us. A real bank is asked with <see cref="ActivityContext.IdempotencyKey"/>.</summary>
public sealed class HoldFunds(FulfilmentDb db) : ISagaActivity<CheckoutState>
{
    public Task<ActivityResult> ExecuteAsync(CheckoutState state, ActivityContext context, CancellationToken cancellationToken)
    {
        if (state.CardToken.EndsWith("-declined", StringComparison.Ordinal))
        {
            return Task.FromResult(ActivityResult.Failed("the bank declined the card"));
        }

        db.Holds.Add(new FundsHold { OrderId = state.OrderId, Amount = state.Amount });
        return Task.FromResult(ActivityResult.Done);
    }
}

/// <summary>The compensation of <see cref="HoldFunds"/>.</summary>
public sealed class ReleaseFunds(FulfilmentDb db) : ISagaActivity<CheckoutState>
{
    public async Task<ActivityResult> ExecuteAsync(CheckoutState state, ActivityContext context, CancellationToken cancellationToken)
    {
        var hold = await db.Holds.SingleAsync(hold => hold.OrderId == state.OrderId, cancellationToken);
        hold.State = FundsHoldState.Released;
        return ActivityResult.Done;
    }
}

/// <summary>Takes the money that the bank keeps for us. Everything that could go wrong has been found out before.</summary>
public sealed class CaptureFunds(FulfilmentDb db) : ISagaActivity<CheckoutState>
{
    public async Task<ActivityResult> ExecuteAsync(CheckoutState state, ActivityContext context, CancellationToken cancellationToken)
    {
        var hold = await db.Holds.SingleAsync(hold => hold.OrderId == state.OrderId, cancellationToken);
        hold.State = FundsHoldState.Captured;
        db.Payments.Add(new CardPayment { OrderId = state.OrderId, Amount = hold.Amount });

        var order = await db.Orders.SingleAsync(order => order.Id == state.OrderId, cancellationToken);
        order.MoveTo(OrderStatus.Reserved);
        order.MoveTo(OrderStatus.Paid);
        return ActivityResult.Done;
    }
}
