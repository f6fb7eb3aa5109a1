namespace Messaging.Toolkit.Streams;

/// <summary>
/// Keeps how far endpoints are in streams: what comes in the order of an offset, from one process at a time. May be called from several threads. The
/// positions are moved by the inbox, the parking store and the dead-letter store, in the transactions in which they settle what has a
/// <see cref="StreamPlace"/>, and only if nobody has taken the stream since.
/// </summary>
public interface IStreamStore
{
    /// <summary>
    /// Takes a stream, in a transaction of its own, committed when the task completes: whoever had it before can move its position no more. Waits for a
    /// transaction in which somebody is moving it, for some seconds at most.
    /// </summary>
    /// <param name="endpoint">The endpoint to take it for.</param>
    /// <param name="stream">Its name: of at most 320 characters, the same in all processes.</param>
    /// <param name="memory">How many ids to read; not negative.</param>
    /// <param name="retention">How long claims are kept: for so long after the first taking, what the endpoint had claimed until then may come again.</param>
    /// <param name="cancellationToken">Gives up; whether it was taken is then unknown.</param>
    Task<StreamState> TakeAsync(string endpoint, string stream, int memory, TimeSpan retention, CancellationToken cancellationToken);

    /// <summary>The names of all streams in which an endpoint has a position, in no order.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<string>> ReadNamesAsync(string endpoint, CancellationToken cancellationToken);

    /// <summary>Deletes positions, and what is remembered with them, in one transaction. Whoever has taken such a stream can move its position no more.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="streams">The names; those that are not there do not matter.</param>
    /// <param name="cancellationToken">Gives up; whether they were deleted is then unknown.</param>
    Task DeleteAsync(string endpoint, IReadOnlyCollection<string> streams, CancellationToken cancellationToken);
}
