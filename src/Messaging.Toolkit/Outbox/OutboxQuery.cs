namespace Messaging.Toolkit.Outbox;

/// <summary>What the relay has room for.</summary>
/// <param name="Destinations">The destinations to read for.</param>
/// <param name="Buckets">The buckets this process holds the lease of.</param>
public sealed record OutboxQuery(IReadOnlyList<DestinationRoom> Destinations, IReadOnlyList<int> Buckets);
