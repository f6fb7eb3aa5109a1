namespace Messaging.Toolkit.Outbox;

/// <summary>A right that one process at a time holds for a limited time.</summary>
/// <param name="Name">What it is the right to.</param>
/// <param name="Owner">The process, or null.</param>
/// <param name="Epoch">Grows by one with each change of the owner.</param>
/// <param name="ExpiresAt">When it ends unless it is renewed, by the store's clock.</param>
public sealed record Lease(string Name, string? Owner, long Epoch, DateTime ExpiresAt);
