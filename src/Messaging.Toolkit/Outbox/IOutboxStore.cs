namespace Messaging.Toolkit.Outbox;

/// <summary>
/// The relay's view of the outbox. What was confirmed is deleted: a row has no state but that it exists. All operations
/// may be called from several threads; they throw what the database throws.
/// </summary>
public interface IOutboxStore
{
    /// <summary>
    /// Reads, for each destination, its first rows by id that are in the given buckets and not excluded. Rows become
    /// visible in any order of ids, so nothing may be skipped for being lower than what was read before.
    /// </summary>
    Task<IReadOnlyList<OutboxRecord>> ReadAsync(OutboxQuery query, CancellationToken cancellationToken);

    /// <summary>Deletes rows whose messages are confirmed, in one statement. Rows that are gone already are no error.</summary>
    Task DeleteAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken);

    /// <summary>Adds messages in a transaction of its own, committed when the task completes.</summary>
    Task AppendAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken);

    /// <summary>The destinations that rows wait for, known to this application or not.</summary>
    Task<IReadOnlyList<string>> ReadDestinationsAsync(CancellationToken cancellationToken);
}
