namespace Messaging.Toolkit.Journal;

/// <summary>One thing that happened in a conversation. It has no payload, header or key.</summary>
public sealed record JournalEntry
{
    /// <summary>The id of the first message of the conversation.</summary>
    public required Guid ConversationId { get; init; }

    /// <summary>When, so that causes come before effects.</summary>
    public required HybridTime At { get; init; }

    /// <summary>What happened.</summary>
    public required JournalEvent Event { get; init; }

    /// <summary>The message that it happened to.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>The message because of which that one was published, or null.</summary>
    public Guid? CausationId { get; init; }

    /// <summary>The first sender's own id of the whole, or null.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>The registered name of the message's type.</summary>
    public required string Type { get; init; }

    /// <summary>The application that the message comes from: its CloudEvents source.</summary>
    public required string Source { get; init; }

    /// <summary>The application that it happened in, by its own source.</summary>
    public required string Service { get; init; }

    /// <summary>The endpoint that handled the message, or whose handler published it; null if it was published outside of handlers.</summary>
    public string? Endpoint { get; init; }
}
