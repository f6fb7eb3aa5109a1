namespace SpaceProvisioning.Shards;

/// <summary>A server that spaces are placed on. Always: room = free + its placements.</summary>
public sealed class Shard
{
    public required string Name { get; init; }

    public required int Room { get; init; }

    public required int Free { get; set; }
}
