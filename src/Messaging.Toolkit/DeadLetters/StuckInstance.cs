namespace Messaging.Toolkit.DeadLetters;

/// <summary>A saga or process manager that cannot go on without a message.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Reason">Why, in a sentence.</param>
/// <param name="StopsTimeouts">Whether its timeouts do not fall due any more until it is written again: one of them is what could not be handled.</param>
public sealed record StuckInstance(Guid Id, string Reason, bool StopsTimeouts);
