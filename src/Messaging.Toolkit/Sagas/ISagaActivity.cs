namespace Messaging.Toolkit.Sagas;

/// <summary>
/// A step of a saga, or its compensation, that is done in the process that runs the saga. What it changes through the scope's DbContext
/// commits together with the instance; <c>SaveChanges</c> is the toolkit's work.
/// </summary>
/// <remarks>
/// Each attempt gets a new instance from a new scope, and a transaction in which no other activity runs. Throwing rolls it back, and it is
/// tried again as often as the endpoint tries a message; then the step has failed. What it does outside of the database may
/// happen more than once: give the other side <see cref="ActivityContext.IdempotencyKey"/>.
/// </remarks>
/// <typeparam name="TState">The state of the saga.</typeparam>
public interface ISagaActivity<in TState> where TState : class
{
    /// <summary>Does it.</summary>
    /// <param name="state">The state; what is changed in it is saved if the activity is done, and not if it has failed.</param>
    /// <param name="context">Which instance and step it is; also publishes and sends.</param>
    /// <param name="cancellationToken">Cancelled when the step's time is over, or the host's time to stop.</param>
    /// <returns><see cref="ActivityResult.Done"/>, or why it cannot be done.</returns>
    Task<ActivityResult> ExecuteAsync(TState state, ActivityContext context, CancellationToken cancellationToken);
}
