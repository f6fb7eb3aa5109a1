namespace OrderFulfilment.Ordering;

/// <summary>
/// An order as its customer sees it. Only the endpoint "ordering" changes it, one message of an order at a time, so it
/// needs no concurrency token.
/// </summary>
public sealed class Order
{
    /// <summary>Chosen by the client, so that it can repeat a request whose answer was lost.</summary>
    public required Guid Id { get; init; }

    public required string Customer { get; init; }

    public required string Product { get; init; }

    public required int Quantity { get; init; }

    public required decimal Amount { get; init; }

    public required string CardToken { get; init; }

    public required DateTime PlacedAt { get; init; }

    public OrderStatus Status { get; private set; } = OrderStatus.Placed;

    /// <summary>Why it was not fulfilled.</summary>
    public string? Reason { get; private set; }

    /// <summary>
    /// Takes the next step. The events of an order arrive in the order in which they happened; were it otherwise, this
    /// would throw, and the event would be found in the dead letters.
    /// </summary>
    public void MoveTo(OrderStatus next, string? reason = null)
    {
        var isNext = (Status, next) switch
        {
            (OrderStatus.Placed, OrderStatus.Reserved or OrderStatus.Rejected) => true,
            (OrderStatus.Reserved, OrderStatus.Paid or OrderStatus.Declined) => true,
            (OrderStatus.Paid, OrderStatus.Completed) => true,
            (OrderStatus.Declined, OrderStatus.Cancelled) => true,
            _ => false,
        };
        if (!isNext)
        {
            throw new InvalidOperationException($"Order {Id} is {Status} and cannot become {next}.");
        }

        Status = next;
        Reason = reason ?? Reason;
    }
}
