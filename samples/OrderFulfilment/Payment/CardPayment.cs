namespace OrderFulfilment.Payment;

/// <summary>
/// An attempt to charge a card. The order has no unique index on purpose: a card charged twice would be two rows, for
/// everyone to see.
/// </summary>
public sealed class CardPayment
{
    public long Id { get; init; }

    public required Guid OrderId { get; init; }

    public required decimal Amount { get; init; }

    /// <summary>Why the card was declined; null if it was charged.</summary>
    public string? Declined { get; init; }
}
