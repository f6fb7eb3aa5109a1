using OrderFulfilment.Ordering;
using OrderFulfilment.Shipping;
using OrderFulfilment.Stock;

namespace OrderFulfilment.Demo.Proving;

/// <summary>What must have happened to an order that ended in one way: which messages each endpoint handled, in which order, and what is left.</summary>
internal sealed record Story(IReadOnlyDictionary<string, string[]> Handled, ReservationState? Reservation, ShipmentState? Shipment, bool? IsCharged)
{
    /// <summary>How many messages it took, counted by endpoint.</summary>
    public int Count => Handled.Values.Sum(messages => messages.Length);

    public static Stage FirstStage { get; } = new("stock", "ordering.order-placed");

    /// <summary>Each follows from an earlier one, so the orders of a customer pass them all in the same order.</summary>
    public static IReadOnlyList<Stage> LaterStages { get; } =
    [
        new("ordering", "stock.reserved", "stock.unavailable"),
        new("shipping", "stock.reserved"),
        new("payment", "payment.charge-card"),
        new("ordering", "payment.card-charged", "payment.card-declined"),
        new("shipping", "payment.card-charged", "payment.card-declined"),
        new("ordering", "shipping.order-shipped"),
        new("stock", "shipping.order-shipped"),
        new("stock", "payment.card-declined"),
        new("ordering", "stock.released"),
    ];

    /// <summary>Every message that any endpoint handles.</summary>
    public static IReadOnlyList<string> Messages => [.. All.Values.SelectMany(story => story.Handled.Values).SelectMany(messages => messages).Distinct()];

    /// <summary>By the end of the order.</summary>
    public static IReadOnlyDictionary<OrderStatus, Story> All { get; } = new Dictionary<OrderStatus, Story>
    {
        [OrderStatus.Completed] = new(
            new Dictionary<string, string[]>
            {
                ["stock"] = ["ordering.order-placed", "shipping.order-shipped"],
                ["ordering"] = ["stock.reserved", "payment.card-charged", "shipping.order-shipped"],
                ["payment"] = ["payment.charge-card"],
                ["shipping"] = ["stock.reserved", "payment.card-charged"],
            },
            ReservationState.Shipped, ShipmentState.Shipped, IsCharged: true),
        [OrderStatus.Cancelled] = new(
            new Dictionary<string, string[]>
            {
                ["stock"] = ["ordering.order-placed", "payment.card-declined"],
                ["ordering"] = ["stock.reserved", "payment.card-declined", "stock.released"],
                ["payment"] = ["payment.charge-card"],
                ["shipping"] = ["stock.reserved", "payment.card-declined"],
            },
            ReservationState.Released, ShipmentState.Unpacked, IsCharged: false),
        [OrderStatus.Rejected] = new(
            new Dictionary<string, string[]>
            {
                ["stock"] = ["ordering.order-placed"],
                ["ordering"] = ["stock.unavailable"],
            },
            Reservation: null, Shipment: null, IsCharged: null),
    };
}
