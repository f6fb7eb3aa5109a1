using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.RabbitMQ;

/// <summary>A message of a program that does not say what it sends. See <see cref="RabbitMQOptions.MapForeign"/>.</summary>
/// <param name="Endpoint">The endpoint that it has reached.</param>
/// <param name="Exchange">The exchange that it was published to; empty for the default one.</param>
/// <param name="RoutingKey">What it was published with.</param>
/// <param name="Envelope">What could be read: its id, headers and body.</param>
public sealed record ForeignMessage(string Endpoint, string Exchange, string RoutingKey, MessageEnvelope Envelope);
