namespace Messaging.Toolkit.Scheduling;

/// <summary>What a look at the scheduled messages has done and seen.</summary>
/// <param name="Moved">How many were moved to the outbox. As many as were asked for means that there may be more.</param>
/// <param name="NextIn">How long it takes until the next one falls due, by the store's clock; null if none is known.</param>
public readonly record struct ScheduleRound(int Moved, TimeSpan? NextIn);
