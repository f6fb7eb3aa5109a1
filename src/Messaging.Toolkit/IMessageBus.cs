using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit;

/// <summary>
/// Publishes events and sends commands, the same way in controllers, handlers and sagas. Scoped: it belongs to the
/// unit of work of its scope.
/// </summary>
/// <remarks>
/// <see cref="Publish"/> and <see cref="Send"/> do no I/O: like <c>db.Add</c> they add to the scope's DbContext, and
/// the message leaves if and only if the next <c>SaveChanges</c> commits. A message that is still unsaved when its
/// scope ends is logged as an error and counted. Not safe for use by several threads at once, as the DbContext is not.
/// </remarks>
public interface IMessageBus
{
    /// <summary>Publishes an event to all its subscribers with the next <c>SaveChanges</c>.</summary>
    /// <param name="message">An instance of a type registered with <c>Event&lt;T&gt;</c>.</param>
    /// <param name="configure">Key, correlation id and headers of this one message.</param>
    /// <exception cref="MessagingException">The type is not registered as an event, or the message cannot be
    /// serialized within the limits.</exception>
    void Publish(object message, Action<PublishOptions>? configure = null);

    /// <summary>Sends a command to the endpoint it is registered for with the next <c>SaveChanges</c>.</summary>
    /// <param name="message">An instance of a type registered with <c>Command&lt;T&gt;</c>.</param>
    /// <param name="configure">Key, correlation id and headers of this one message.</param>
    /// <exception cref="MessagingException">The type is not registered as a command, or the message cannot be
    /// serialized within the limits.</exception>
    void Send(object message, Action<PublishOptions>? configure = null);

    /// <summary>
    /// Replies to a message with the next <c>SaveChanges</c>: the reply goes to the endpoint that waits for it and to nobody else,
    /// whoever subscribes to its type.
    /// </summary>
    /// <param name="message">An instance of a type registered with <c>Event&lt;T&gt;</c>.</param>
    /// <param name="to">The <see cref="MessageContext.ReplyTo"/> of the message that is replied to, kept as long as need be.</param>
    /// <param name="configure">Correlation id and headers of the reply, and its key if the asker has not said one.</param>
    /// <exception cref="MessagingException">The type is not registered as an event, the address is none, or the message cannot be
    /// serialized within the limits.</exception>
    void Reply(object message, ReplyAddress to, Action<PublishOptions>? configure = null);

    /// <summary>
    /// Publishes an event or sends a command at once and on its own: not in the caller's transaction, but durably,
    /// in a transaction that is committed when the task completes. In a handler that runs again it is another message.
    /// </summary>
    /// <param name="message">An instance of a registered type.</param>
    /// <param name="configure">Key, correlation id and headers of this one message.</param>
    /// <param name="cancellationToken">Cancels the write; whether it took effect is then unknown.</param>
    Task PublishNowAsync(object message, Action<PublishOptions>? configure = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Cancels, with the next <c>SaveChanges</c>, all messages that wait under a name: those that this unit of work has published before the call, and those that
    /// are in the store when it is saved. If it commits before a message has left, which it does when it is due, that message never leaves. What is published under
    /// the name after the call stays: so a schedule is moved by cancelling it and publishing it again. That nothing waits is no error.
    /// </summary>
    /// <param name="scheduleId">The <see cref="PublishOptions.ScheduleId"/>.</param>
    /// <exception cref="MessagingException">It cannot be the name of a schedule.</exception>
    void Cancel(string scheduleId);

    /// <summary>
    /// Cancels all messages that wait under a name at once and on its own: not in the caller's transaction. It is committed when the task completes. It does not
    /// see what this unit of work has published and not saved.
    /// </summary>
    /// <param name="scheduleId">The <see cref="PublishOptions.ScheduleId"/>.</param>
    /// <param name="cancellationToken">Cancels the write; whether it took effect is then unknown.</param>
    /// <returns>How many messages will not leave, each counted for each endpoint or broker that it was for. Zero if none waited, or all have left.</returns>
    /// <exception cref="MessagingException">It cannot be the name of a schedule, or the store lets one transaction write at a time and a handler's is open.</exception>
    Task<int> CancelNowAsync(string scheduleId, CancellationToken cancellationToken = default);
}
