namespace OrderFulfilment.Checkout;

public enum FundsHoldState
{
    Held,
    Captured,
    Released,
}
