using Messaging.Toolkit.Outbox;

namespace Messaging.Toolkit.Scheduling;

/// <summary>
/// Messages that are not due yet. They are written and cancelled in the application's units of work, by <see cref="IOutboxSession"/>. May be
/// called from several threads and processes; throws what the database throws.
/// </summary>
public interface IScheduleStore
{
    /// <summary>
    /// Raised whenever this process may have committed scheduled messages, with the time that the first of them takes to fall due. Raised too
    /// often it costs a look, so it may be.
    /// </summary>
    event Action<TimeSpan>? Scheduled;

    /// <summary>
    /// Moves messages that have fallen due to the outbox, those due first before the others, and those due at one time in the order in
    /// which they were written. Each is moved once, whoever else does it at the same time. One whose cancellation is being
    /// committed is not moved.
    /// </summary>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<ScheduleRound> MoveDueAsync(int count, CancellationToken cancellationToken);

    /// <summary>Cancels all that wait under a name, in a transaction of its own.</summary>
    /// <param name="scheduleId">The name.</param>
    /// <param name="cancellationToken">Gives up; whether it took effect is then unknown.</param>
    /// <returns>How many messages will not leave. An event for several endpoints is one for each.</returns>
    Task<int> CancelNowAsync(string scheduleId, CancellationToken cancellationToken);

    /// <summary>Reads the recurring schedules of those names and the store's clock, in UTC.</summary>
    /// <param name="names">The names.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<RecurringReading> ReadRecurringAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken);

    /// <summary>Begins a recurring schedule, unless it is there with the same expression: what lies before the time given never fires.</summary>
    /// <param name="recurring">Name, expression, and the time from which it counts.</param>
    /// <param name="replaces">The expression that was read, or null if there was none: whoever else has changed it meanwhile has won.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task BeginRecurringAsync(RecurringRecord recurring, string? replaces, CancellationToken cancellationToken);

    /// <summary>Notes a tick and sends its messages, in one transaction.</summary>
    /// <param name="tick">Name, expression and the time of the tick.</param>
    /// <param name="messages">The messages.</param>
    /// <param name="cancellationToken">Gives up; whether it took effect is then unknown.</param>
    /// <returns>False if the tick, or a later one, was noted before, or if the expression is another one by now: nothing was sent.</returns>
    Task<bool> FireAsync(RecurringRecord tick, IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken);
}
