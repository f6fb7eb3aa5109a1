namespace OrderFulfilment.Stock;

public enum ReservationState
{
    Held,
    Shipped,
    Released,
}
