using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Transports;

/// <summary>A message handed to a sender.</summary>
/// <param name="Token">The caller's name for it, unique among those unreported.</param>
/// <param name="Destination">One of those that <see cref="ITransport.GetDestinations"/> or <see cref="ITransport.GetDestination"/> returned.</param>
/// <param name="Envelope">The message.</param>
/// <param name="ResumesKey">Whether it is the first of its destination and key since one of them was reported as <see cref="SendStatus.Returned"/>.</param>
public readonly record struct TransportMessage(long Token, string Destination, MessageEnvelope Envelope, bool ResumesKey = false);
