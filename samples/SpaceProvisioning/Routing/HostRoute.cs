namespace SpaceProvisioning.Routing;

/// <summary>
/// The world finds a space under a host name. The space has no unique index on purpose: one with two routes would have two rows, for
/// everyone to see.
/// </summary>
public sealed class HostRoute
{
    public long Id { get; init; }

    public required Guid SpaceId { get; init; }

    public required string Host { get; init; }

    public required string Shard { get; init; }
}
