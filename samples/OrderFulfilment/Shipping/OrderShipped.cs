namespace OrderFulfilment.Shipping;

/// <summary>The parcel of an order is on its way.</summary>
public sealed record OrderShipped(Guid OrderId, string Customer);
