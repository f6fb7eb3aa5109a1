namespace Messaging.Toolkit.Sagas;

/// <summary>Takes the definition of a process manager.</summary>
/// <typeparam name="TState">What an instance knows.</typeparam>
public interface IProcessBuilder<TState> where TState : class, new()
{
    /// <summary>The name in the tables and on the wire. Required, and for good: it outlives every renaming of the class.</summary>
    /// <param name="name">Letters, digits, '.', '-', '_' and '/'; at most 80 characters.</param>
    IProcessBuilder<TState> Named(string name);

    /// <inheritdoc cref="ISagaBuilder{TState}.Version"/>
    IProcessBuilder<TState> Version(int version, Action<SagaUpgrade> upgrade);

    /// <summary>What becomes of events without an instance that cannot begin one. Default <see cref="MissingInstance.Fail"/>.</summary>
    IProcessBuilder<TState> Missing(MissingInstance policy);

    /// <summary>The events that begin an instance, each in a transaction with it. Whichever comes first begins it, and the others find it.</summary>
    IProcessBuilder<TState> Initially(Action<IStateBuilder<TState>> configure);

    /// <summary>What happens in a state.</summary>
    /// <param name="state">Its name; stored with each instance. At most 50 characters, as for names of messages.</param>
    /// <param name="configure">Adds events and timeouts.</param>
    IProcessBuilder<TState> During(string state, Action<IStateBuilder<TState>> configure);

    /// <summary>What happens in any state that does not say something else about the same event.</summary>
    IProcessBuilder<TState> DuringAny(Action<IStateBuilder<TState>> configure);
}

/// <summary>Takes what happens in a state.</summary>
/// <typeparam name="TState">What an instance knows.</typeparam>
public interface IStateBuilder<TState> where TState : class, new()
{
    /// <summary>An event.</summary>
    /// <typeparam name="TEvent">A registered event, or a command that goes to this endpoint.</typeparam>
    /// <param name="correlation">Reads what the instance is known by: a string, Guid, integer, enum, decimal, DateOnly, DateTimeOffset or the like, at most 512 bytes of UTF-8 as text. The same
    /// for a type in all states. If it is null, or of a type whose text is not the same for equal values, the event goes to the dead letters.</param>
    IReaction<TState, TEvent> When<TEvent>(Func<TEvent, object?> correlation) where TEvent : class;

    /// <summary>A timeout that was scheduled and not taken back. One that no state has anything to say about is ignored.</summary>
    /// <typeparam name="TTimeout">What was scheduled. It need not be registered: it never leaves the instance.</typeparam>
    IReaction<TState, TTimeout> WhenTimeout<TTimeout>() where TTimeout : class;

    /// <summary>An event that is expected and means nothing here. What is not expected goes to the dead letters.</summary>
    /// <typeparam name="TEvent">A registered event, or a command that goes to this endpoint.</typeparam>
    /// <param name="correlation">As for <see cref="When{TEvent}"/>.</param>
    IStateBuilder<TState> Ignore<TEvent>(Func<TEvent, object?> correlation) where TEvent : class;
}

/// <summary>Takes what is done when something has happened, in this order, and goes on with what else may happen in the state.</summary>
/// <typeparam name="TState">What an instance knows.</typeparam>
/// <typeparam name="TMessage">The event or the timeout.</typeparam>
public interface IReaction<TState, TMessage> : IStateBuilder<TState>
    where TState : class, new()
    where TMessage : class
{
    /// <summary>Changes the state, publishes and sends.</summary>
    /// <param name="action">Runs in the transaction; if it throws, the event is tried again as any message is.</param>
    IReaction<TState, TMessage> Then(Action<TState, TMessage, MessageContext> action);

    /// <summary>Does what has to be waited for, in the transaction.</summary>
    /// <typeparam name="TService">What it needs from the scope, a DbContext say.</typeparam>
    /// <param name="action">Runs in the transaction; if it throws, the event is tried again as any message is.</param>
    IReaction<TState, TMessage> ThenAsync<TService>(Func<TService, TState, TMessage, MessageContext, CancellationToken, Task> action) where TService : notnull;

    /// <summary>Has a timeout come back to this instance. One of the same name takes the place of the one before.</summary>
    /// <param name="name">Unique among the instance's timeouts. At most 50 characters.</param>
    /// <param name="delay">From now on, at least zero and at most 10 years; looked for about once a second.</param>
    /// <param name="timeout">Makes it, now.</param>
    IReaction<TState, TMessage> Schedule<TTimeout>(string name, TimeSpan delay, Func<TState, TTimeout> timeout) where TTimeout : class;

    /// <summary>Takes a timeout back: from this commit on it never comes. If there is none, nothing happens.</summary>
    /// <param name="name">The name it was scheduled by.</param>
    IReaction<TState, TMessage> Unschedule(string name);

    /// <summary>Enters another state. What comes after it in this reaction still happens.</summary>
    /// <param name="state">One that is defined, or one that ends.</param>
    /// <param name="when">Whether to. Default: always.</param>
    IReaction<TState, TMessage> GoTo(string state, Func<TState, TMessage, bool>? when = null);

    /// <summary>Ends the instance, for good, and takes all its timeouts back.</summary>
    /// <param name="when">Whether to. Default: always.</param>
    IReaction<TState, TMessage> Complete(Func<TState, TMessage, bool>? when = null);
}
