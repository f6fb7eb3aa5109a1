using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Streams;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Inbox;

/// <summary>
/// Runs handlers so that their effect on the store happens once: the claim of (endpoint, message id), the changes and
/// the outgoing messages are one transaction. May be called from several threads.
/// </summary>
public interface IInbox
{
    /// <summary>
    /// Claims the messages and handles those that were not handled before, one after another in the order given, all
    /// in one transaction: when the task completes it has committed; when it throws, nothing of it has taken effect,
    /// or, if the commit's reply was lost, all of it, and the next attempt finds the claims. What has a place in a stream moves the endpoint's
    /// position there; with a key it is not claimed, but remembered with the position.
    /// </summary>
    /// <param name="endpoint">The endpoint on whose behalf messages are claimed.</param>
    /// <param name="messages">The messages; no id twice, and those of a stream one behind the other.</param>
    /// <param name="handle">Called with a scope of its own for each message that is not a duplicate; called again, with new
    /// scopes, if the store's own retries run the transaction again.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <returns>What became of each message, in the order given.</returns>
    /// <exception cref="StreamLostException">Somebody else has taken one of the streams. Nothing has taken effect.</exception>
    Task<IReadOnlyList<HandlingOutcome>> HandleAsync(string endpoint, IReadOnlyList<Delivery> messages, HandleInScope handle, CancellationToken cancellationToken);

    /// <summary>
    /// Handles a parked message, in one transaction in which it is parked no more and the next one of its key is due in its place. As
    /// <see cref="HandleAsync"/> otherwise: when it throws, the message is parked as before.
    /// </summary>
    /// <param name="parked">The message, as it was taken.</param>
    /// <param name="envelope">The same, as its handlers are to see it.</param>
    /// <param name="handle">Called with a scope of its own, unless it is a duplicate.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <returns><see cref="HandlingOutcome.Duplicate"/> if it is not parked any more, or not the first one of its key.</returns>
    Task<HandlingOutcome> HandleParkedAsync(ParkedMessage parked, MessageEnvelope envelope, HandleInScope handle, CancellationToken cancellationToken);

    /// <summary>Whether the failure is the store's and may pass by itself: a lost connection, a deadlock, a lock that was not free in time.</summary>
    bool IsTransient(Exception exception);

    /// <summary>Deletes at most <paramref name="count"/> claims older than the age, by the store's clock. Returns how many it deleted.</summary>
    Task<int> PurgeAsync(TimeSpan age, int count, CancellationToken cancellationToken);
}
