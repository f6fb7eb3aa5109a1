namespace Messaging.Toolkit.Sagas;

/// <summary>No further attempt at a message makes sense: it goes to the dead letters at once.</summary>
/// <param name="reason">Why, as the end of a sentence about the message.</param>
internal sealed class UnhandleableException(string reason) : MessagingException(reason);
