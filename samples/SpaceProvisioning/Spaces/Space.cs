namespace SpaceProvisioning.Spaces;

/// <summary>The record of a space. There is none of a space that could not be provisioned: the saga remembers those.</summary>
public sealed class Space
{
    /// <summary>That of its saga, too.</summary>
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public SpaceStatus Status { get; private set; } = SpaceStatus.Provisioning;

    public string? Shard { get; private set; }

    public string? Licence { get; private set; }

    public string? Host { get; private set; }

    /// <summary>Everything is there.</summary>
    public void Activate(string shard, string licence, string host)
    {
        if (Status != SpaceStatus.Provisioning)
        {
            throw new InvalidOperationException($"Space {Id} is {Status} already.");
        }

        (Status, Shard, Licence, Host) = (SpaceStatus.Active, shard, licence, host);
    }
}
