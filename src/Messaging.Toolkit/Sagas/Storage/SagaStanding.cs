namespace Messaging.Toolkit.Sagas.Storage;

/// <summary>How many unfinished instances stand at one place.</summary>
/// <param name="Definition">The registered name of their definition.</param>
/// <param name="Version">Its version, as they know it.</param>
/// <param name="Shape">Its shape, as they know it.</param>
/// <param name="Status">How far they have come.</param>
/// <param name="Position">Where they stand.</param>
/// <param name="Count">How many they are.</param>
public sealed record SagaStanding(string Definition, int Version, string Shape, SagaStatus Status, string Position, int Count);
