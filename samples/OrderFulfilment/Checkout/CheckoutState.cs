using OrderFulfilment.Ordering;

namespace OrderFulfilment.Checkout;

/// <summary>What a checkout knows.</summary>
public sealed record CheckoutState(Guid OrderId, string Customer, string Product, int Quantity, decimal Amount, string CardToken, DateTime PlacedAt)
{
    public static CheckoutState Of(Order order) => new(order.Id, order.Customer, order.Product, order.Quantity, order.Amount, order.CardToken, order.PlacedAt);

    public Order ToOrder() => new()
    {
        Id = OrderId,
        Customer = Customer,
        Product = Product,
        Quantity = Quantity,
        Amount = Amount,
        CardToken = CardToken,
        PlacedAt = PlacedAt,
    };
}
