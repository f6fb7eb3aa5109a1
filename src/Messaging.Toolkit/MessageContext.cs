using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit;

/// <summary>The message being handled, seen from its handler: where it comes from, and what to send because of it.</summary>
/// <remarks>Lives as long as the handler runs. What is published or sent through it commits with the handler's changes.</remarks>
public sealed class MessageContext
{
    private readonly IMessageBus bus;
    private int children;

    internal MessageContext(MessageEnvelope envelope, string endpoint, int attempt, IMessageBus bus)
    {
        Envelope = envelope;
        Endpoint = endpoint;
        Attempt = attempt;
        this.bus = bus;
    }

    /// <summary>Everything known of the message but its handlers: attributes, headers and the bytes as they arrived.</summary>
    public MessageEnvelope Envelope { get; }

    /// <summary>The id of the message: the same in every attempt and every redelivery.</summary>
    public Guid MessageId => Envelope.Id;

    /// <summary>The ordering key, or null.</summary>
    public string? Key => Envelope.Key;

    /// <summary>The correlation id given by the first sender and passed on since, or null.</summary>
    public string? CorrelationId => Envelope.CorrelationId;

    /// <summary>Names the whole flow of messages that this one belongs to: the id of its first message.</summary>
    public Guid ConversationId => Envelope.ConversationId;

    /// <summary>The endpoint that handles it.</summary>
    public string Endpoint { get; }

    /// <summary>Which attempt this is in this process, from 1.</summary>
    public int Attempt { get; }

    /// <inheritdoc cref="IMessageBus.Publish"/>
    public void Publish(object message, Action<PublishOptions>? configure = null) => bus.Publish(message, configure);

    /// <inheritdoc cref="IMessageBus.Send"/>
    public void Send(object message, Action<PublishOptions>? configure = null) => bus.Send(message, configure);

    /// <summary>The number of the next message sent because of this one: part of that message's id.</summary>
    internal int NextChild() => Interlocked.Increment(ref children);
}
