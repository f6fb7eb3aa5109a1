namespace Messaging.Toolkit.Transports;

/// <summary>What became of a message handed to a sender.</summary>
/// <param name="Token">The one it was handed over with.</param>
/// <param name="Status">What became of it.</param>
/// <param name="Reason">For <see cref="SendStatus.Refused"/>: why, in a sentence for the operator.</param>
public readonly record struct SendResult(long Token, SendStatus Status, string? Reason = null);
