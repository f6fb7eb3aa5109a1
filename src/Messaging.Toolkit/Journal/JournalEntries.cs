using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Journal;

/// <summary>Makes the entries of the journal; none, if none is kept. Thread-safe.</summary>
internal sealed class JournalEntries(MessagingModel model, HybridClock clock)
{
    private bool AreKept => model.Journal is not null;

    /// <summary>The time at which a message is published, which travels with it.</summary>
    public HybridTime? NextTime() => AreKept ? clock.Next() : null;

    /// <summary>That a message was published.</summary>
    /// <param name="envelope">The message.</param>
    /// <param name="endpoint">The endpoint whose handler does it, or null.</param>
    public JournalEntry? Published(MessageEnvelope envelope, string? endpoint)
        => AreKept && envelope.PublishedAt is { } at ? Entry(envelope, JournalEvent.Published, endpoint, at) : null;

    /// <summary>That something happens to a message at an endpoint now. All that this process publishes from now on comes after it.</summary>
    /// <param name="envelope">The message.</param>
    /// <param name="what">What happens.</param>
    /// <param name="endpoint">The endpoint.</param>
    public JournalEntry? Ended(MessageEnvelope envelope, JournalEvent what, string endpoint)
    {
        if (!AreKept)
        {
            return null;
        }

        clock.Witness(envelope.PublishedAt ?? HybridTime.Of(envelope.Time));
        return Entry(envelope, what, endpoint, clock.Next());
    }

    private JournalEntry Entry(MessageEnvelope envelope, JournalEvent what, string? endpoint, HybridTime at) => new()
    {
        ConversationId = envelope.ConversationId,
        At = at,
        Event = what,
        MessageId = envelope.Id,
        CausationId = envelope.CausationId,
        CorrelationId = envelope.CorrelationId,
        Type = envelope.Type,
        Source = envelope.Source,
        Service = model.Source,
        Endpoint = endpoint,
    };
}
