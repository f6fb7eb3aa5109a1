using Messaging.Toolkit.Streams;

namespace Messaging.Toolkit.Parking;

/// <summary>
/// Keeps messages that wait at endpoints, in the order of their keys. May be called from several threads. A parked message is
/// claimed: a copy of it that arrives is a duplicate.
/// </summary>
public interface IParkingStore
{
    /// <summary>
    /// Claims a message and stores it, in a transaction of its own, committed when the task completes: behind those of its key that are
    /// parked at the endpoint, to be taken after the last of them; or else to be taken when the delay is over.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="delay">Not negative; by the store's clock.</param>
    /// <param name="maxPerKey">How many of a key may be parked at an endpoint.</param>
    /// <param name="cancellationToken">Gives up; whether it was stored is then unknown.</param>
    /// <exception cref="StreamLostException">Somebody else has taken the stream that it comes from. Nothing was stored.</exception>
    Task<ParkingOutcome> ParkAsync(ParkedMessage message, TimeSpan delay, int maxPerKey, CancellationToken cancellationToken);

    /// <summary>Notes that a parked message has failed again, and when it is to be taken the next time. Its place stays, and so do those behind it.</summary>
    /// <param name="taken">The message as it was taken.</param>
    /// <param name="message">The message with its attempts and delays as they are now.</param>
    /// <param name="delay">Not negative; by the store's clock.</param>
    /// <param name="cancellationToken">Gives up; whether it was noted is then unknown.</param>
    /// <returns>False if somebody else has handled, postponed or given it up since it was taken: his word counts.</returns>
    Task<bool> PostponeAsync(ParkedMessage taken, ParkedMessage message, TimeSpan delay, CancellationToken cancellationToken);

    /// <summary>
    /// Takes messages whose time has come and that have no earlier one of their key before them. What is taken is not given to others
    /// until the lease is over: whoever takes it handles it, postpones it, or releases it until then.
    /// </summary>
    /// <param name="endpoints">The endpoints to take for.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="lease">How long nobody else takes them.</param>
    /// <param name="cancellationToken">Gives up; what was taken comes again after the lease.</param>
    Task<IReadOnlyList<ParkedMessage>> TakeDueAsync(IReadOnlyCollection<string> endpoints, int count, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Finds a message that is parked at an endpoint, taken or not.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="messageId">The message's id.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The message as it is parked now, or null if it is not.</returns>
    Task<ParkedMessage?> FindAsync(string endpoint, Guid messageId, CancellationToken cancellationToken);

    /// <summary>Counts what is parked where nobody takes anything: at endpoints at which a message has been due for a long time.</summary>
    /// <param name="except">Endpoints that are not looked at.</param>
    /// <param name="overdue">How long, by the store's clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Each such endpoint, and how many messages are parked there in all.</returns>
    Task<IReadOnlyList<(string Endpoint, long Count)>> CountLeftAsync(IReadOnlyCollection<string> except, TimeSpan overdue, CancellationToken cancellationToken);

    /// <summary>Gives back what was taken and not touched: others may take it at once.</summary>
    /// <param name="messages">What was taken.</param>
    /// <param name="cancellationToken">Gives up; what is not given back comes again after the lease.</param>
    Task ReleaseAsync(IReadOnlyCollection<ParkedMessage> messages, CancellationToken cancellationToken);
}
