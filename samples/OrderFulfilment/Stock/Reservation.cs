namespace OrderFulfilment.Stock;

/// <summary>What is put aside for an order.</summary>
public sealed class Reservation
{
    public required Guid OrderId { get; init; }

    public required string Product { get; init; }

    public required int Quantity { get; init; }

    public ReservationState State { get; set; } = ReservationState.Held;
}
