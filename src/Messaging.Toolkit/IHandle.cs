namespace Messaging.Toolkit;

/// <summary>
/// Handles messages of one type at the endpoints it is added to.
/// </summary>
/// <remarks>
/// <para>
/// Delivery is at least once, the effect on the endpoint's database is once: the claim of the message, the changes
/// made through the scope's DbContext and the messages sent through <see cref="IMessageBus"/> commit together.
/// <c>SaveChanges</c> and the commit are the toolkit's work; a handler just changes things and returns.
/// </para>
/// <para>
/// Each attempt gets a new instance from a new scope. Messages with the same key are handled one after another in
/// the order in which their transactions committed; others run in parallel. Throwing means failure: the attempt is
/// rolled back and the endpoint's failure policy decides what is next.
/// </para>
/// </remarks>
/// <typeparam name="TMessage">A registered event or command.</typeparam>
public interface IHandle<in TMessage> where TMessage : class
{
    /// <summary>Handles one message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="context">Who sent it, when, and why; also publishes and sends.</param>
    /// <param name="cancellationToken">Cancelled when the host stops and its time to do so is over.</param>
    Task HandleAsync(TMessage message, MessageContext context, CancellationToken cancellationToken);
}
