namespace Messaging.Toolkit.Sagas.Definitions;

/// <summary>What a reply means to a step: one of the two is given.</summary>
/// <param name="Apply">It succeeds, and this takes the reply into the state.</param>
/// <param name="ReasonOf">It fails, and this tells why.</param>
internal sealed record ReplyDefinition(Action<object, object>? Apply, Func<object, string?>? ReasonOf);
