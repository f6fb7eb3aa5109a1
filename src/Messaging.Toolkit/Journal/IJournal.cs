namespace Messaging.Toolkit.Journal;

/// <summary>
/// What was published and handled in the conversations that this application took part in: each flow, over all its endpoints, in the order of cause and effect.
/// It is written if <c>.Journal()</c> is part of the configuration. May be called from several threads.
/// </summary>
/// <remarks>
/// Entries are committed with what they tell of, so none tells of what did not happen. Several applications that share a database share the journal; otherwise each knows its own part, and
/// <see cref="Conversation.With"/> puts the parts together.
/// </remarks>
public interface IJournal
{
    /// <summary>Reads a conversation.</summary>
    /// <param name="conversationId">The id of its first message, see <see cref="MessageContext.ConversationId"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>It has no entries if nothing is known of it, or nothing any more.</returns>
    /// <exception cref="MessagingException">No journal is kept: it is not configured, or a database has no table for it.</exception>
    Task<Conversation> GetConversationAsync(Guid conversationId, CancellationToken cancellationToken = default);

    /// <summary>Finds the conversations in which a correlation id was given, the earliest first; at most 100 of each store.</summary>
    /// <param name="correlationId">What was given as <see cref="PublishOptions.CorrelationId"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MessagingException">No journal is kept: it is not configured, or a database has no table for it.</exception>
    Task<IReadOnlyList<Guid>> FindConversationsAsync(string correlationId, CancellationToken cancellationToken = default);
}
