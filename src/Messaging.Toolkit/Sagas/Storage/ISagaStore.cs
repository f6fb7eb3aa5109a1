using Messaging.Toolkit.Outbox;

namespace Messaging.Toolkit.Sagas.Storage;

/// <summary>Keeps instances, in the same transactions as everything else that their messages change. May be called from several threads.</summary>
public interface ISagaStore
{
    /// <summary>
    /// Reads an instance in the transaction of the scope's unit of work, and locks it until that ends, where the database can lock a row.
    /// </summary>
    /// <param name="scope">The scope of a handler, with its transaction open.</param>
    /// <param name="id">The instance.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<SagaReading> ReadAsync(IServiceProvider scope, Guid id, CancellationToken cancellationToken);

    /// <summary>Writes an instance, in the same transaction: inserts it if its revision is 1, otherwise replaces the revision before.</summary>
    /// <param name="scope">The scope of a handler, with its transaction open.</param>
    /// <param name="record">The instance as it is to be.</param>
    /// <param name="history">What has happened to it, to be added to its history.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SagaConflictException">There is one already, or another revision.</exception>
    Task WriteAsync(IServiceProvider scope, SagaRecord record, IReadOnlyList<SagaHistoryEntry> history, CancellationToken cancellationToken);

    /// <summary>Saves what has been changed in the scope's unit of work so far, in the same transaction.</summary>
    /// <param name="scope">The scope of a handler, with its transaction open.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task SaveAsync(IServiceProvider scope, CancellationToken cancellationToken);

    /// <summary>
    /// Sends a message for each instance whose timeout has fallen due: the rows of the outbox and the next time to look at the
    /// instance are one transaction. The revision stays. Two processes at once send each timeout once.
    /// </summary>
    /// <param name="definitions">The definitions whose instances to look for, whichever endpoint they were last run by.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="again">After which time a timeout is sent again that nobody has handled.</param>
    /// <param name="toMessages">Makes the messages for an instance.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many were sent.</returns>
    Task<int> SendDueAsync(
        IReadOnlyCollection<string> definitions, int count, TimeSpan again, Func<DueSaga, IReadOnlyList<OutgoingMessage>> toMessages, CancellationToken cancellationToken);
}
