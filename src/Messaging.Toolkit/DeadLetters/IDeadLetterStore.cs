using Messaging.Toolkit.Streams;

namespace Messaging.Toolkit.DeadLetters;

/// <summary>Keeps what could not be handled. May be called from several threads.</summary>
public interface IDeadLetterStore
{
    /// <summary>
    /// Stores a dead letter with all that belongs to it, in a transaction of its own, committed when the task completes. A message of a
    /// delivery is claimed: one that comes again after that is a duplicate, and is not handled out of its turn. A parked message is parked
    /// no more, and the next one of its key is taken in its place, unless the letter holds its key. A message that is claimed already, or
    /// not parked any more, has been handled or is a dead letter: nothing is stored.
    /// </summary>
    /// <param name="entry">The dead letter.</param>
    /// <param name="cancellationToken">Gives up; whether it was stored is then unknown.</param>
    /// <exception cref="StreamLostException">Somebody else has taken the stream that it comes from. Nothing was stored.</exception>
    Task<DeadLetterReceipt> AddAsync(DeadLetterEntry entry, CancellationToken cancellationToken);

    /// <summary>Reads dead letters in the order in which they were given up.</summary>
    /// <param name="query">Which.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<DeadLetter>> ReadAsync(DeadLetterQuery query, int count, CancellationToken cancellationToken);

    /// <summary>Reads the <see cref="DeadLetter.Id"/> of the letter that was given up last; 0 if there is none. What is given up from then on gets greater ones.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    Task<long> ReadLastIdAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Sends dead letters on their way again, in the order in which they were given up and under their own ids, and removes them: one
    /// transaction. At endpoints they are parked, behind what is parked of their keys, with all attempts before them; those of the outbox
    /// go back there. Two callers at once replay each letter once.
    /// </summary>
    /// <param name="query">Which.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Gives up; whether they were replayed is then unknown.</param>
    /// <returns>How many were replayed.</returns>
    Task<int> ReplayAsync(DeadLetterQuery query, int count, CancellationToken cancellationToken);

    /// <summary>Removes dead letters for good, and lets go of the keys that they hold: one transaction.</summary>
    /// <param name="query">Which.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Gives up; whether they were removed is then unknown.</param>
    /// <returns>Which were removed: the endpoint, and the message's id.</returns>
    Task<IReadOnlyList<(string Endpoint, Guid MessageId)>> DiscardAsync(DeadLetterQuery query, int count, CancellationToken cancellationToken);
}
