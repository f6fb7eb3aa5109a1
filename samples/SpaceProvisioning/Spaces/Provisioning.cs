namespace SpaceProvisioning.Spaces;

/// <summary>What the saga knows of a space: its request, and what the services have replied.</summary>
public sealed class Provisioning
{
    public required Guid SpaceId { get; init; }

    public required string Name { get; init; }

    public string? Shard { get; set; }

    public string? Licence { get; set; }

    public string? Host { get; set; }
}
