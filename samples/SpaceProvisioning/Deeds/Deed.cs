namespace SpaceProvisioning.Deeds;

/// <summary>
/// A service did something for a space, or undid it, in the transaction that this row was written in. There is no unique index on purpose:
/// what happened twice would be two rows, for everyone to see.
/// </summary>
public sealed class Deed
{
    /// <summary>Ascending in the order in which things happened to one space, as far as one happened because of another.</summary>
    public long Id { get; init; }

    public required Guid SpaceId { get; init; }

    /// <summary>The step of the saga: <c>record</c>, <c>shard</c>, <c>licence</c>, <c>route</c> or <c>activate</c>.</summary>
    public required string Step { get; init; }

    public required bool IsUndo { get; init; }

    public required Guid MessageId { get; init; }

    public required DateTime At { get; init; }
}
