namespace SpaceProvisioning.Licences;

/// <summary>
/// A licence that a space has. The space has no unique index on purpose: one that was granted two would have two rows, for everyone to see.
/// </summary>
public sealed class Licence
{
    public long Id { get; init; }

    public required Guid SpaceId { get; init; }

    public required string Key { get; init; }
}
