namespace SpaceProvisioning;

/// <summary>
/// Names of spaces that ask for trouble, for demonstrations and tests: <c>no-</c>, <c>slow-</c> or <c>broken-</c>, and the service that is
/// to make it: <c>shard-</c>, <c>licence-</c> or <c>route-</c>. So <c>no-route-ann</c> is refused by routing. Real services have their own.
/// </summary>
public static class Trouble
{
    /// <summary>Whether the service says no.</summary>
    public static bool IsRefused(string name, string service) => Has(name, "no", service);

    /// <summary>Whether the service needs some time.</summary>
    public static bool IsSlow(string name, string service) => Has(name, "slow", service);

    /// <summary>Throws if the service has a bug with that name.</summary>
    public static void ThrowIfBroken(string name, string service)
    {
        if (Has(name, "broken", service))
        {
            throw new InvalidOperationException($"The service for a {service} is broken.");
        }
    }

    private static bool Has(string name, string trouble, string service) => name.StartsWith($"{trouble}-{service}-", StringComparison.Ordinal);
}
