namespace OrderFulfilment.Shipping;

public enum ShipmentState
{
    Packed,
    Shipped,
    Unpacked,
}
