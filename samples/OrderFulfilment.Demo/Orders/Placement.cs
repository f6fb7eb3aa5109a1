namespace OrderFulfilment.Demo.Orders;

/// <summary>An order that was accepted.</summary>
/// <param name="Order">The order.</param>
/// <param name="Asked">The timestamp from before it was first sent.</param>
/// <param name="Answered">The timestamp from after the answer.</param>
internal sealed record Placement(PlannedOrder Order, long Asked, long Answered);
