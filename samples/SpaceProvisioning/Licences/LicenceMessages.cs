namespace SpaceProvisioning.Licences;

/// <summary>Grant a licence to a space.</summary>
public sealed record GrantLicence(Guid SpaceId, string Name);

/// <summary>The compensation of <see cref="GrantLicence"/>.</summary>
public sealed record ReturnLicence(Guid SpaceId);

/// <summary>The space has a licence.</summary>
public sealed record LicenceGranted(string Key);

/// <summary>It gets none.</summary>
public sealed record NoLicenceLeft(string Reason);
