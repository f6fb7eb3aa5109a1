using Messaging.Toolkit.Transports.InProcess;

namespace Messaging.Toolkit.Messages;

/// <summary>What the application registered about one type of message.</summary>
public sealed class MessageType
{
    internal MessageType(Type clrType, MessageKind kind, string name, string? endpoint, Func<object, string?>? key, IMessageSerializer serializer)
    {
        ClrType = clrType;
        Kind = kind;
        Name = name;
        Endpoint = endpoint;
        Key = key;
        Serializer = serializer;
    }

    /// <summary>The .NET type in this process. It never leaves it.</summary>
    public Type ClrType { get; }

    /// <summary>Event or command.</summary>
    public MessageKind Kind { get; }

    /// <summary>The name on the wire and in the tables. Compared ordinally.</summary>
    public string Name { get; }

    /// <summary>The endpoint that a command goes to; null for events.</summary>
    public string? Endpoint { get; }

    /// <summary>Whether it is one of the toolkit's own.</summary>
    internal bool IsInternal { get; init; }

    internal Func<object, string?>? Key { get; }

    /// <summary>The name of the transport that it is sent over. Replies go their own way, whatever their type.</summary>
    internal string Via { get; init; } = InProcessTransport.TransportName;

    /// <summary>How long after it was published it is of use; null for always.</summary>
    internal TimeSpan? Lifetime { get; init; }

    internal IMessageSerializer Serializer { get; }
}
