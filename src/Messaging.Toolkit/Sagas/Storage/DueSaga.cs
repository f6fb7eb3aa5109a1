namespace Messaging.Toolkit.Sagas.Storage;

/// <summary>An instance with a timeout that has fallen due.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Definition">The registered name of its definition.</param>
/// <param name="DueAt">Which timeout: when it was due.</param>
public sealed record DueSaga(Guid Id, string Definition, DateTime DueAt);
