namespace SpaceProvisioning.Routing;

/// <summary>Let the world find a space.</summary>
public sealed record AddRoute(Guid SpaceId, string Name, string Shard);

/// <summary>The world finds it.</summary>
public sealed record RouteAdded(string Host);

/// <summary>It cannot be found by that name.</summary>
public sealed record RouteRefused(string Reason);
