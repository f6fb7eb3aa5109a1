namespace Messaging.Toolkit.Messages;

/// <summary>
/// Where the reply to a message goes. It travels with the message and is plain data: who cannot answer at once keeps it and answers later.
/// </summary>
/// <param name="Endpoint">The endpoint that waits for the reply.</param>
/// <param name="Request">What the endpoint knows its request by. Nobody else has to understand it.</param>
/// <param name="Key">The ordering key of the reply.</param>
/// <param name="Acknowledge">Whether it is a reply, too, that the message was handled: if its handlers do not reply, the toolkit does.</param>
public sealed record ReplyAddress(string Endpoint, string Request, string? Key = null, bool Acknowledge = false);
