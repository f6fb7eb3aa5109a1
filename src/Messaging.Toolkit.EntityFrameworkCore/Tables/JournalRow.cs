using Messaging.Toolkit.Journal;

namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>Something that happened to a message. Rows are written only where a journal is configured.</summary>
public sealed class JournalRow
{
    /// <summary>Drawn by the database.</summary>
    public long Id { get; set; }

    /// <summary>The conversation: the id of its first message.</summary>
    public Guid ConversationId { get; set; }

    /// <summary>The value of a <see cref="HybridTime"/>: within a conversation causes are before effects.</summary>
    public long HybridTime { get; set; }

    /// <summary>What happened.</summary>
    public JournalEvent Event { get; set; }

    /// <summary>The message that it happened to.</summary>
    public Guid MessageId { get; set; }

    /// <summary>Its cause, or null.</summary>
    public Guid? CausationId { get; set; }

    /// <summary>The first sender's own id of the whole, or null.</summary>
    public string? CorrelationId { get; set; }

    /// <summary>The message's registered name.</summary>
    public required string Type { get; set; }

    /// <summary>The application that the message comes from.</summary>
    public required string Source { get; set; }

    /// <summary>The application that it happened in.</summary>
    public required string Service { get; set; }

    /// <summary>The endpoint that it happened at, or null.</summary>
    public string? Endpoint { get; set; }

    /// <summary>When it was written, in UTC.</summary>
    public DateTime RecordedAt { get; set; }
}
