namespace Messaging.Toolkit.DeadLetters;

/// <summary>What has come of a dead letter that was to be stored.</summary>
/// <param name="IsStored">Whether it was: otherwise its message has been handled, or was a dead letter before.</param>
/// <param name="Stuck">The instances that were marked as stuck and were not before.</param>
public sealed record DeadLetterReceipt(bool IsStored, IReadOnlyList<Guid> Stuck);
