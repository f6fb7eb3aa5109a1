using OrderFulfilment.History;

namespace OrderFulfilment.Ordering;

/// <summary>What <c>GET /orders/{id}</c> tells.</summary>
public sealed record OrderView(
    Guid Id, string Customer, string Product, int Quantity, decimal Amount, DateTime PlacedAt, OrderStatus Status, string? Reason, IReadOnlyList<OrderView.Step> History)
{
    public static OrderView Of(Order order, IEnumerable<HistoryEntry> history) => new(
        order.Id, order.Customer, order.Product, order.Quantity, order.Amount, order.PlacedAt, order.Status, order.Reason,
        [.. history.Select(entry => new Step(entry.Id, entry.Endpoint, entry.Message, entry.MessageId, entry.At))]);

    /// <summary>As its client was told when it was placed, whatever has happened since.</summary>
    public static OrderView AsPlaced(Order order) => Of(order, []) with { Status = OrderStatus.Placed, Reason = null };

    public sealed record Step(long Number, string Endpoint, string Message, Guid MessageId, DateTime At);
}
