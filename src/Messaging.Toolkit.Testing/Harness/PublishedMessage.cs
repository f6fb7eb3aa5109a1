using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Testing;

/// <summary>A message that was published or sent, and whose transaction has committed.</summary>
/// <typeparam name="T">Its type.</typeparam>
/// <param name="Message">The message, as its receivers read it.</param>
/// <param name="Envelope">Its id, key, headers and the rest.</param>
public sealed record PublishedMessage<T>(T Message, MessageEnvelope Envelope) where T : class;
