namespace OrderFulfilment.Checkout;

/// <summary>Money that the bank keeps for an order. The order has no unique index on purpose: money kept twice would be two rows, for everyone to see.</summary>
public sealed class FundsHold
{
    public long Id { get; init; }

    public required Guid OrderId { get; init; }

    public required decimal Amount { get; init; }

    public FundsHoldState State { get; set; } = FundsHoldState.Held;
}
