namespace Messaging.Toolkit.DeadLetters;

/// <summary>Keeps what could not be handled. May be called from several threads.</summary>
public interface IDeadLetterStore
{
    /// <summary>
    /// Stores a dead letter in a transaction of its own, committed when the task completes. One that is there already
    /// (the same endpoint and message id) is left as it is: a crash right after this call makes it happen again.
    /// </summary>
    Task AddAsync(DeadLetter letter, CancellationToken cancellationToken);
}
