using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Configuration;

/// <summary>What is said about a command. See <see cref="MessagingBuilder.Command{T}"/>.</summary>
public sealed class CommandBuilder<TMessage> : MessageBuilder<TMessage, CommandBuilder<TMessage>> where TMessage : class
{
    private string? destination;

    internal CommandBuilder() { }

    private protected override MessageKind Kind => MessageKind.Command;

    private protected override string? Destination => destination;

    /// <summary>The endpoint that carries it out. Required.</summary>
    /// <param name="endpoint">The name given to <see cref="MessagingBuilder.Endpoint"/>, here or in another application.</param>
    public CommandBuilder<TMessage> To(string endpoint)
    {
        destination = endpoint;
        return this;
    }
}
