using OrderFulfilment.Stock;

namespace OrderFulfilment.Ordering;

/// <summary>The body of <c>POST /orders</c>.</summary>
/// <param name="Id">Chosen by the client, the same when it repeats the request. Without one each request is an order.</param>
/// <param name="CardToken">What a payment provider gives instead of the number of a card, which has no business here.</param>
public sealed record PlaceOrderRequest(Guid? Id, string? Customer, string? Product, int Quantity, string? CardToken)
{
    private const int MaxLength = 100;
    private const int MaxQuantity = 1000;

    /// <summary>What is wrong with it, by field.</summary>
    public Dictionary<string, string[]> Validate()
    {
        var errors = new Dictionary<string, string[]>();
        if (Id == Guid.Empty)
        {
            errors["id"] = ["Choose a random id, or leave it out."];
        }

        if (string.IsNullOrWhiteSpace(Customer) || Customer.Length > MaxLength)
        {
            errors["customer"] = [$"Say who orders, in at most {MaxLength} characters."];
        }

        if (Product is null || !Catalogue.Products.ContainsKey(Product))
        {
            errors["product"] = [$"Choose one of: {string.Join(", ", Catalogue.Products.Keys)}."];
        }

        if (Quantity is < 1 or > MaxQuantity)
        {
            errors["quantity"] = [$"Order between 1 and {MaxQuantity}."];
        }

        if (string.IsNullOrWhiteSpace(CardToken) || CardToken.Length > MaxLength)
        {
            errors["cardToken"] = [$"Say which card pays, in at most {MaxLength} characters."];
        }

        return errors;
    }

    /// <summary>Call it on a valid request only.</summary>
    public Order ToOrder(DateTimeOffset now) => new()
    {
        Id = Id ?? Guid.CreateVersion7(now),
        Customer = Customer!,
        Product = Product!,
        Quantity = Quantity,
        Amount = Quantity * Catalogue.Products[Product!].Price,
        CardToken = CardToken!,
        PlacedAt = now.UtcDateTime,
    };

    public bool Ordered(Order order)
        => (order.Customer, order.Product, order.Quantity, order.CardToken) == (Customer, Product, Quantity, CardToken);
}
