namespace SpaceProvisioning.Spaces;

public enum SpaceStatus
{
    /// <summary>Its name is taken, and the rest is on its way.</summary>
    Provisioning,

    /// <summary>It can be used.</summary>
    Active,
}
