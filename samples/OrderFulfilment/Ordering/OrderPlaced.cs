namespace OrderFulfilment.Ordering;

/// <summary>A customer has ordered. Everything else follows from it.</summary>
public sealed record OrderPlaced(Guid OrderId, string Customer, string Product, int Quantity);
