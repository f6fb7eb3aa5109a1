namespace Messaging.Toolkit.Journal;

/// <summary>A flow of messages from its first one on, as far as it is known.</summary>
/// <param name="Id">The id of its first message.</param>
/// <param name="Entries">What happened, causes before effects.</param>
/// <param name="IsCut">There are more entries than are read of one conversation, see <see cref="JournalOptions.MaxEntries"/>: the last ones are missing.</param>
public sealed record Conversation(Guid Id, IReadOnlyList<JournalEntry> Entries, bool IsCut = false)
{
    /// <summary>The same conversation with what another application, or another database, knows of it.</summary>
    /// <param name="other">Of the same id. What both know is there once.</param>
    /// <exception cref="ArgumentException">It is another conversation.</exception>
    public Conversation With(Conversation other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.Id == Id
            ? new Conversation(Id, InOrder(Entries.Concat(other.Entries).Distinct()), IsCut || other.IsCut)
            : throw new ArgumentException($"This is conversation {Id} and the other one is {other.Id}: only parts of one conversation can be put together.", nameof(other));
    }

    /// <summary>The conversation as a sequence diagram in Mermaid's language.</summary>
    public string ToMermaid() => ConversationDiagram.Of(this);

    internal static IReadOnlyList<JournalEntry> InOrder(IEnumerable<JournalEntry> entries) => [.. entries.OrderBy(entry => entry.At).ThenBy(entry => entry.Event)];
}
