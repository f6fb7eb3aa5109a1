namespace Messaging.Toolkit.Sagas.Storage;

/// <summary>What a store has of an instance.</summary>
/// <param name="Record">The instance; null if there is none.</param>
/// <param name="Now">The store's clock, in UTC.</param>
public sealed record SagaReading(SagaRecord? Record, DateTime Now);
