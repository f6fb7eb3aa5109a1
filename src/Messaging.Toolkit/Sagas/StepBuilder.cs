using System.Diagnostics.CodeAnalysis;
using Messaging.Toolkit.Sagas.Definitions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging.Toolkit.Sagas;

/// <summary>Takes what a step does and how it ends: what steps before and behind the pivot have in common.</summary>
/// <typeparam name="TState">What an instance knows.</typeparam>
/// <typeparam name="TSelf">The builder that derives from this one.</typeparam>
public abstract class StepBuilder<TState, TSelf>
    where TState : class
    where TSelf : StepBuilder<TState, TSelf>
{
    private protected StepBuilder(string name) => Definition = new StepDefinition(name);

    internal StepDefinition Definition { get; }

    /// <summary>
    /// Sends a command, to any service over any transport, and waits for its reply: the handler calls <see cref="MessageContext.Reply(object, Action{PublishOptions}?)"/>.
    /// If the command ends in the dead letters over there, the step fails.
    /// </summary>
    /// <param name="command">Makes the command. If it throws, the step fails.</param>
    public TSelf Send<TCommand>(Func<TState, TCommand> command) where TCommand : class
    {
        Definition.Do(new StepAction.Sends(typeof(TCommand), state => command((TState)state)));
        return (TSelf)this;
    }

    /// <summary>Publishes an event, and goes on.</summary>
    /// <param name="message">Makes the event. If it throws, the step fails.</param>
    public TSelf Publish<TEvent>(Func<TState, TEvent> message) where TEvent : class
    {
        Definition.Do(new StepAction.Publishes(typeof(TEvent), state => message((TState)state)));
        return (TSelf)this;
    }

    /// <summary>
    /// Runs an activity here, in the transaction that the instance is saved in. It fails if it says so, or when it has thrown as often as
    /// the endpoint tries a message.
    /// </summary>
    /// <typeparam name="TActivity">Created for each attempt from its own scope.</typeparam>
    public TSelf Run<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TActivity>() where TActivity : class, ISagaActivity<TState>
    {
        Definition.Do(ActionOf<TActivity>());
        return (TSelf)this;
    }

    /// <summary>A reply with which the step ends well. There may be several.</summary>
    /// <typeparam name="TReply">A registered event.</typeparam>
    /// <param name="apply">Takes what the reply tells into the state. Default: nothing.</param>
    public TSelf Succeeds<TReply>(Action<TState, TReply>? apply = null) where TReply : class
    {
        Definition.AddReply(typeof(TReply), new ReplyDefinition(
            Apply: apply is null ? static (_, _) => { } : (state, reply) => apply((TState)state, (TReply)reply), ReasonOf: null));
        return (TSelf)this;
    }

    /// <summary>A reply with which the step fails, and has had no effect. There may be several.</summary>
    /// <typeparam name="TReply">A registered event.</typeparam>
    /// <param name="reason">Reads the reason, for people: it is stored, and shown. Default: the name of the event.</param>
    public TSelf Fails<TReply>(Func<TReply, string?>? reason = null) where TReply : class
    {
        Definition.AddReply(typeof(TReply), new ReplyDefinition(
            Apply: null, ReasonOf: reason is null ? static _ => null : reply => reason((TReply)reply)));
        return (TSelf)this;
    }

    /// <summary>
    /// How long the step may take to end. Default: for ever. Before the pivot it fails then, and if it succeeds after all, it is undone.
    /// The pivot and the steps behind it are asked for again, with the same message. An activity is cancelled.
    /// </summary>
    /// <param name="timeout">From 1 ms to 10 years. Timeouts are looked for about once a second.</param>
    public TSelf Timeout(TimeSpan timeout)
    {
        Definition.Timeout = timeout;
        return (TSelf)this;
    }

    private protected static StepAction ActionOf<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TActivity>() where TActivity : class, ISagaActivity<TState>
        => new StepAction.Runs(
            typeof(TActivity),
            static services => services.TryAddScoped<TActivity>(),
            static (scope, state, context, cancellationToken) => scope.GetRequiredService<TActivity>().ExecuteAsync((TState)state, context, cancellationToken));
}

/// <summary>Takes what a step before the pivot does, how it ends, and how it is undone.</summary>
/// <typeparam name="TState">What an instance knows.</typeparam>
public sealed class SagaStepBuilder<TState> : StepBuilder<TState, SagaStepBuilder<TState>> where TState : class
{
    internal SagaStepBuilder(string name) : base(name) { }

    /// <summary>
    /// Undoes the step by a command. The next one is undone when this one's handlers have committed, which the toolkit at the other
    /// end reports by itself.
    /// </summary>
    /// <param name="command">Makes the command. It may read what the step's reply has left in the state.</param>
    public SagaStepBuilder<TState> Compensate<TCommand>(Func<TState, TCommand> command) where TCommand : class
    {
        Definition.Undo(new StepAction.Sends(typeof(TCommand), state => command((TState)state)));
        return this;
    }

    /// <summary>Undoes the step by a command to a service that does not use this toolkit, and so has to reply.</summary>
    /// <typeparam name="TCommand">A registered command.</typeparam>
    /// <typeparam name="TReply">The registered event with which it is undone.</typeparam>
    /// <param name="command">Makes the command.</param>
    public SagaStepBuilder<TState> Compensate<TCommand, TReply>(Func<TState, TCommand> command) where TCommand : class where TReply : class
    {
        Definition.Undo(new StepAction.Sends(typeof(TCommand), state => command((TState)state)), typeof(TReply));
        return this;
    }

    /// <summary>Undoes the step by an activity, in the transaction that the instance is saved in.</summary>
    /// <typeparam name="TActivity">Created for each attempt from its own scope.</typeparam>
    public SagaStepBuilder<TState> Compensate<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TActivity>() where TActivity : class, ISagaActivity<TState>
    {
        Definition.Undo(ActionOf<TActivity>());
        return this;
    }
}

/// <summary>Takes what the pivot, or a step behind it, does, and how it ends. There is no way to undo it.</summary>
/// <typeparam name="TState">What an instance knows.</typeparam>
public sealed class ForwardStepBuilder<TState> : StepBuilder<TState, ForwardStepBuilder<TState>> where TState : class
{
    internal ForwardStepBuilder(string name) : base(name) { }
}

/// <summary>Takes the steps of a parallel group before the pivot.</summary>
/// <typeparam name="TState">What an instance knows.</typeparam>
public sealed class SagaGroupBuilder<TState> where TState : class
{
    internal SagaGroupBuilder() { }

    internal List<StepDefinition> Steps { get; } = [];

    /// <inheritdoc cref="ISagaBuilder{TState}.Step"/>
    public SagaGroupBuilder<TState> Step(string name, Action<SagaStepBuilder<TState>> configure)
    {
        var step = new SagaStepBuilder<TState>(name);
        configure(step);
        Steps.Add(step.Definition);
        return this;
    }
}

/// <summary>Takes the steps of a parallel group behind the pivot.</summary>
/// <typeparam name="TState">What an instance knows.</typeparam>
public sealed class ForwardGroupBuilder<TState> where TState : class
{
    internal ForwardGroupBuilder() { }

    internal List<StepDefinition> Steps { get; } = [];

    /// <inheritdoc cref="IForwardSagaBuilder{TState}.Step"/>
    public ForwardGroupBuilder<TState> Step(string name, Action<ForwardStepBuilder<TState>> configure)
    {
        var step = new ForwardStepBuilder<TState>(name);
        configure(step);
        Steps.Add(step.Definition);
        return this;
    }
}
