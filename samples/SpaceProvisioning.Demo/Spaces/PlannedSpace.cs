namespace SpaceProvisioning.Demo.Spaces;

/// <summary>A space that a client is going to ask for.</summary>
/// <param name="Key">The idempotency key, and so the id of the space and its saga.</param>
/// <param name="Name">It may be one that asks for trouble.</param>
/// <param name="MayComplete">Whether it may be had.</param>
/// <param name="MayBeUndone">Whether it may be refused.</param>
/// <param name="IsImpatient">Whether the client asks twice at once.</param>
internal sealed record PlannedSpace(Guid Key, string Name, bool MayComplete, bool MayBeUndone, bool IsImpatient)
{
    public bool IsBroken => Name.StartsWith("broken-", StringComparison.Ordinal);
}
