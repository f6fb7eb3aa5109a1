namespace OrderFulfilment.Shipping;

/// <summary>The parcel of an order.</summary>
public sealed class Shipment
{
    public required Guid OrderId { get; init; }

    public required string Customer { get; init; }

    public required string Product { get; init; }

    public required int Quantity { get; init; }

    public ShipmentState State { get; set; } = ShipmentState.Packed;
}
