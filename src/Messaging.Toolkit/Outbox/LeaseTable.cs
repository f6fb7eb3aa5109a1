namespace Messaging.Toolkit.Outbox;

/// <summary>All leases at one moment.</summary>
/// <param name="Now">The moment, by the store's clock.</param>
/// <param name="Leases">All leases, whoever holds them.</param>
public sealed record LeaseTable(DateTime Now, IReadOnlyList<Lease> Leases);
