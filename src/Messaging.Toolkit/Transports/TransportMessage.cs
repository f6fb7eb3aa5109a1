using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Transports;

/// <summary>A message handed to a sender.</summary>
/// <param name="Token">The caller's name for it, unique among those unreported.</param>
/// <param name="Destination">One of those that <see cref="ITransport.GetDestinations"/> returned.</param>
/// <param name="Envelope">The message.</param>
public readonly record struct TransportMessage(long Token, string Destination, MessageEnvelope Envelope);
