using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Configuration;

/// <summary>What is said about an event. See <see cref="MessagingBuilder.Event{T}"/>.</summary>
public sealed class EventBuilder<TMessage> : MessageBuilder<TMessage, EventBuilder<TMessage>> where TMessage : class
{
    internal EventBuilder() { }

    private protected override MessageKind Kind => MessageKind.Event;
}
