namespace OrderFulfilment.Checkout;

/// <summary>Put aside what an order needs.</summary>
public sealed record ReserveGoods(Guid OrderId, string Product, int Quantity);

/// <summary>It is put aside.</summary>
public sealed record GoodsReserved(Guid OrderId);

/// <summary>There is not enough of it.</summary>
public sealed record GoodsUnavailable(Guid OrderId);

/// <summary>Put back on the shelf what was put aside for an order.</summary>
public sealed record ReleaseGoods(Guid OrderId);

/// <summary>Look whether somebody is up to no good.</summary>
public sealed record CheckForFraud(Guid OrderId, string Customer, decimal Amount);

/// <summary>Nobody seems to be.</summary>
public sealed record FraudCleared(Guid OrderId);

/// <summary>Somebody may be.</summary>
public sealed record FraudSuspected(Guid OrderId, string Reason);

/// <summary>Send the goods of an order on their way.</summary>
public sealed record ShipGoods(Guid OrderId, string Customer, string Product, int Quantity);

/// <summary>They are on their way.</summary>
public sealed record GoodsShipped(Guid OrderId);

/// <summary>The customer may be told.</summary>
public sealed record CheckoutCompleted(Guid OrderId);
