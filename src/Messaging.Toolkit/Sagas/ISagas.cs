namespace Messaging.Toolkit.Sagas;

/// <summary>Starts sagas, and looks at sagas and process managers. Scoped: what it starts belongs to the unit of work of its scope.</summary>
/// <remarks>A saga is known in a process if one of its endpoints has it, also if the endpoints do not run there (<c>RelayHere</c>). Not safe for use by several threads at once.</remarks>
public interface ISagas
{
    /// <summary>Starts a saga with the next <c>SaveChanges</c>: like <see cref="IMessageBus.Send"/>, which it is.</summary>
    /// <typeparam name="TSaga">The saga.</typeparam>
    /// <typeparam name="TState">Its state.</typeparam>
    /// <param name="state">What the instance begins with. It is written now.</param>
    /// <param name="id">The id of the instance, which no other saga has, of this definition or another; a saga that is started twice with one id is started once, for as long as
    /// it is kept. Default: a new one, and in
    /// a handler that runs again the same.</param>
    /// <returns>The id of the instance. It can be found as soon as its endpoint has begun it.</returns>
    /// <exception cref="MessagingException">The saga is not known here, or the state cannot be written.</exception>
    Guid Start<TSaga, TState>(TState state, Guid? id = null) where TSaga : Saga<TState> where TState : class;

    /// <summary>
    /// Starts a saga at once, in a transaction of its own, and waits for its end, in whatever process that is. It holds neither a
    /// connection nor a thread while it waits.
    /// </summary>
    /// <param name="state">What the instance begins with.</param>
    /// <param name="timeout">How long to wait. From 0 to 1 day.</param>
    /// <param name="id">As for <see cref="Start"/>.</param>
    /// <param name="cancellationToken">Ends the wait. The saga goes on.</param>
    /// <returns>What has become of it: completed, compensated, stuck, or still running when the time is over.</returns>
    /// <exception cref="MessagingException">It was called in a handler, whose transaction would stay open meanwhile; the saga is not known here; or the state cannot be written.</exception>
    Task<SagaOutcome<TState>> RunAsync<TSaga, TState>(TState state, TimeSpan timeout, Guid? id = null, CancellationToken cancellationToken = default)
        where TSaga : Saga<TState> where TState : class;

    /// <summary>Waits for the end of a saga that was started.</summary>
    /// <param name="id">The instance. One that does not exist is waited for.</param>
    /// <param name="timeout">How long to wait. From 0 to 1 day.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<SagaOutcome<TState>> WaitAsync<TSaga, TState>(Guid id, TimeSpan timeout, CancellationToken cancellationToken = default)
        where TSaga : Saga<TState> where TState : class;

    /// <summary>Finds an instance of a saga or process manager; null if there is none.</summary>
    Task<SagaView?> FindAsync(Guid id, CancellationToken cancellationToken = default);

    /// <summary>Finds the instance of a process manager that is known by something.</summary>
    /// <typeparam name="TProcess">The process manager.</typeparam>
    /// <param name="correlation">What its events have: a string, Guid, integer or the like.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<SagaView?> FindAsync<TProcess>(object correlation, CancellationToken cancellationToken = default) where TProcess : ProcessManagerBase;

    /// <summary>Finds instances, newest first.</summary>
    Task<IReadOnlyList<SagaView>> QueryAsync(SagaQuery query, CancellationToken cancellationToken = default);

    /// <summary>What has happened to an instance, in its order: the first 1,000 entries. Empty if there is none.</summary>
    Task<IReadOnlyList<SagaHistoryEntry>> GetHistoryAsync(Guid id, CancellationToken cancellationToken = default);

    /// <summary>What has happened to an instance, page by page.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="after">The <see cref="SagaHistoryEntry.Sequence"/> of the last entry of the page before; 0 for the first page.</param>
    /// <param name="limit">How many entries at most, from 1 to 1,000.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<SagaHistoryEntry>> GetHistoryAsync(Guid id, int after, int limit, CancellationToken cancellationToken = default);

    /// <summary>
    /// Lets an instance that is stuck go on, with the next <c>SaveChanges</c>: what was given up is tried again as if for the first time. A
    /// message that could not be handled is in the dead letters.
    /// </summary>
    /// <param name="instance">An instance that was found.</param>
    void Resume(SagaView instance);

    /// <summary>
    /// Has a saga that has not come to its pivot undo what it has done, as if a step had failed, with the next <c>SaveChanges</c>. Its history tells what came of it:
    /// <see cref="SagaEvent.Cancelled"/>, or <see cref="SagaEvent.CancelRefused"/> if it has come further meanwhile.
    /// </summary>
    /// <param name="id">The instance.</param>
    /// <param name="reason">Why, for people: it is what the saga has failed for. Not empty; the first 500 characters are kept.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False, and nothing is sent, if there is no such instance, or it has finished, is being undone already, or its pivot is under way or done.</returns>
    /// <exception cref="MessagingException">It is a process manager, or a saga that is not known here.</exception>
    Task<bool> CancelAsync(Guid id, string reason, CancellationToken cancellationToken = default);

    /// <summary>The definition of a saga or process manager as a Mermaid diagram.</summary>
    /// <param name="definition">Its registered name.</param>
    /// <param name="instance">An instance of it, to be marked in the diagram.</param>
    /// <exception cref="MessagingException">It is not known here.</exception>
    string ToMermaid(string definition, SagaView? instance = null);
}
