namespace Messaging.Toolkit.DeadLetters;

/// <summary>
/// The dead letters, for those who look after them: read them, send them on their way again once what was wrong is mended, or let go of
/// them. A singleton; may be called from several threads and processes.
/// </summary>
/// <remarks>
/// A replayed message keeps its id, so that what it sends is recognized as well: its effect happens once. It goes to the endpoint that gave it
/// up and to no other, with all attempts of its ladder before it, behind whatever of its key is parked there. Replayed messages of a
/// key keep the order in which they were given up.
/// </remarks>
public interface IDeadLetters
{
    /// <summary>Reads a page of dead letters, whole, in the order in which they were given up.</summary>
    /// <param name="query">Which; <see cref="DeadLetterQuery.After"/> for the pages after the first.</param>
    /// <param name="count">How many at most. Default 100; from 1 to 1,000.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MessagingException">There is no such store, or several and none is named.</exception>
    Task<IReadOnlyList<DeadLetter>> QueryAsync(DeadLetterQuery query, int count = 100, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends all that fit on their way again, in transactions of 500. If one fails, those before it are on their way. What dies, or dies again,
    /// after this was called is not meant.
    /// </summary>
    /// <param name="query">Which.</param>
    /// <param name="cancellationToken">Stops after the transaction under way.</param>
    /// <returns>How many were replayed.</returns>
    /// <exception cref="MessagingException">There is no such store, or several and none is named.</exception>
    Task<int> ReplayAsync(DeadLetterQuery query, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes all that fit for good, in transactions of 500, and lets go of the keys that they hold. Each is written to the log with the
    /// reason, without its payload. What dies after this was called is not meant.
    /// </summary>
    /// <param name="query">Which.</param>
    /// <param name="reason">Why, for the log; not empty.</param>
    /// <param name="cancellationToken">Stops after the transaction under way.</param>
    /// <returns>How many were removed.</returns>
    /// <exception cref="MessagingException">There is no such store, or several and none is named.</exception>
    Task<int> DiscardAsync(DeadLetterQuery query, string reason, CancellationToken cancellationToken = default);
}
