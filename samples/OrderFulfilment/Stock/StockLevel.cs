namespace OrderFulfilment.Stock;

/// <summary>How much of a product there is. Always: received = available + what reservations hold or have shipped.</summary>
public sealed class StockLevel
{
    public required string Product { get; init; }

    public required int Received { get; init; }

    public required int Available { get; set; }
}
