namespace Messaging.Toolkit.Journal;

/// <summary>
/// Keeps the journal. Entries are written by the units of work in which they happen, <see cref="Outbox.IOutboxSession.Record"/> and
/// <see cref="Outbox.OutgoingMessage.Entry"/>, and with dead letters. May be called from several threads.
/// </summary>
public interface IJournalStore
{
    /// <summary>
    /// Looks for the place where entries are written, and begins to write them if it is there: until then, and if it is not, units of work write none, and lack
    /// nothing else.
    /// </summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether entries are written from now on.</returns>
    Task<bool> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Reads the entries of a conversation, the earliest first.</summary>
    /// <param name="conversationId">The id of its first message.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<JournalEntry>> ReadAsync(Guid conversationId, int count, CancellationToken cancellationToken);

    /// <summary>Finds the conversations in which a correlation id was given, the earliest first.</summary>
    /// <param name="correlationId">The sender's own id.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<Guid>> FindAsync(string correlationId, int count, CancellationToken cancellationToken);

    /// <summary>Deletes at most <paramref name="count"/> entries older than the age, by the store's clock. Returns how many it deleted.</summary>
    Task<int> PurgeAsync(TimeSpan age, int count, CancellationToken cancellationToken);
}
