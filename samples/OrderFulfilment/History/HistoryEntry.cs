namespace OrderFulfilment.History;

/// <summary>
/// An endpoint handled a message. There is no unique index on purpose: an effect that happened twice would be two rows,
/// for everyone to see.
/// </summary>
public sealed class HistoryEntry
{
    /// <summary>Ascending in the order in which one endpoint handled the messages of one order.</summary>
    public long Id { get; init; }

    public required Guid OrderId { get; init; }

    public required string Endpoint { get; init; }

    public required string Message { get; init; }

    public required Guid MessageId { get; init; }

    public required DateTime At { get; init; }
}
