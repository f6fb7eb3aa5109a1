using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Testing;

/// <summary>A message that an endpoint has handled: what its handlers did is committed.</summary>
/// <typeparam name="T">Its type.</typeparam>
/// <param name="Message">The message, as its handlers got it.</param>
/// <param name="Endpoint">The endpoint.</param>
/// <param name="Attempts">How often the endpoint called its handlers for it, this time included. More than one if they
/// failed, or if they had shared a transaction with another message that failed.</param>
/// <param name="Envelope">Its id, key, headers and the rest.</param>
public sealed record HandledMessage<T>(T Message, string Endpoint, int Attempts, MessageEnvelope Envelope) where T : class;
