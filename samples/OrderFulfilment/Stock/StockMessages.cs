namespace OrderFulfilment.Stock;

/// <summary>What an order needs is put aside.</summary>
public sealed record StockReserved(Guid OrderId, string Customer, string Product, int Quantity);

/// <summary>There is not enough for an order.</summary>
public sealed record StockUnavailable(Guid OrderId, string Customer);

/// <summary>What was put aside for an order is back on the shelf.</summary>
public sealed record StockReleased(Guid OrderId, string Customer);
