namespace SpaceProvisioning.Shards;

/// <summary>
/// A space is on a shard. The space has no unique index on purpose: one that was placed twice would be two rows, for everyone to see.
/// </summary>
public sealed class Placement
{
    public long Id { get; init; }

    public required Guid SpaceId { get; init; }

    public required string Shard { get; init; }
}
