using OrderFulfilment.Ordering;

namespace OrderFulfilment.Demo.Orders;

/// <summary>An order that a client is going to place.</summary>
/// <param name="Request">What is sent.</param>
/// <param name="Ends">How it may end.</param>
/// <param name="IsImpatient">Whether the client sends it twice at once.</param>
internal sealed record PlannedOrder(PlaceOrderRequest Request, IReadOnlyList<OrderStatus> Ends, bool IsImpatient)
{
    public Guid Id => Request.Id!.Value;
}
