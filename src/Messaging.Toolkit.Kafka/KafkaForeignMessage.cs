using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Kafka;

/// <summary>A message of a program that does not say what it sends. See <see cref="KafkaOptions.MapForeign"/> and <see cref="KafkaOptions.MapTombstone"/>.</summary>
/// <param name="Endpoint">The endpoint that it has reached.</param>
/// <param name="Topic">The topic that it came from.</param>
/// <param name="Envelope">What could be read: its id, key, headers and body, which is empty if it is a tombstone.</param>
public sealed record KafkaForeignMessage(string Endpoint, string Topic, MessageEnvelope Envelope);
