using Messaging.Toolkit.Outbox;

namespace Messaging.Toolkit.DeadLetters;

/// <summary>Keeps what could not be handled. May be called from several threads.</summary>
public interface IDeadLetterStore
{
    /// <summary>
    /// Stores a dead letter and claims its message for the endpoint, in a transaction of its own, committed when the task
    /// completes. So a message that comes again after that is a duplicate, and is not handled out of its turn. One that is
    /// claimed already has been handled, or is a dead letter: nothing is stored.
    /// </summary>
    /// <param name="letter">The dead letter.</param>
    /// <param name="messages">What is sent because of it: rows of the outbox in the same transaction, if it is stored.</param>
    /// <param name="cancellationToken">Gives up; whether it was stored is then unknown.</param>
    /// <returns>Whether it was stored.</returns>
    Task<bool> AddAsync(DeadLetter letter, IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken);
}
