using Messaging.Toolkit.Sagas.Definitions;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Sagas.Processes;

/// <summary>Collects the definition of a process manager.</summary>
internal sealed class ProcessBuilder<TState>(Type clrType) : IProcessBuilder<TState> where TState : class, new()
{
    private readonly UpgradeList versions = new();
    private readonly StateDefinition initial = new();
    private readonly StateDefinition any = new();
    private readonly Dictionary<string, StateDefinition> states = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, List<Func<object, object?>>> correlations = [];
    private string? name;
    private MissingInstance missing;

    public IProcessBuilder<TState> Named(string name)
    {
        this.name = name;
        return this;
    }

    public IProcessBuilder<TState> Version(int version, Action<SagaUpgrade> upgrade)
    {
        versions.Add(version, upgrade);
        return this;
    }

    public IProcessBuilder<TState> Missing(MissingInstance policy)
    {
        missing = policy;
        return this;
    }

    public IProcessBuilder<TState> Initially(Action<IStateBuilder<TState>> configure) => Configure(initial, configure);

    public IProcessBuilder<TState> During(string state, Action<IStateBuilder<TState>> configure)
    {
        if (!states.TryGetValue(state, out var definition))
        {
            states.Add(state, definition = new StateDefinition());
        }

        return Configure(definition, configure);
    }

    public IProcessBuilder<TState> DuringAny(Action<IStateBuilder<TState>> configure) => Configure(any, configure);

    public ProcessDefinition Build() => new(clrType, name, typeof(TState), static () => new TState(), versions, missing, initial, any, states, correlations);

    private ProcessBuilder<TState> Configure(StateDefinition state, Action<IStateBuilder<TState>> configure)
    {
        configure(new StateBuilder(state, correlations));
        return this;
    }

    private class StateBuilder(StateDefinition state, Dictionary<Type, List<Func<object, object?>>> correlations) : IStateBuilder<TState>
    {
        public IReaction<TState, TEvent> When<TEvent>(Func<TEvent, object?> correlation) where TEvent : class
        {
            Correlate(correlation);
            return Add<TEvent>(isTimeout: false);
        }

        public IReaction<TState, TTimeout> WhenTimeout<TTimeout>() where TTimeout : class => Add<TTimeout>(isTimeout: true);

        public IStateBuilder<TState> Ignore<TEvent>(Func<TEvent, object?> correlation) where TEvent : class
        {
            Correlate(correlation);
            state.Ignore(typeof(TEvent));
            return this;
        }

        private ReactionBuilder<TMessage> Add<TMessage>(bool isTimeout) where TMessage : class
        {
            var reaction = new Reaction(typeof(TMessage), isTimeout);
            state.Add(reaction);
            return new ReactionBuilder<TMessage>(reaction, state, correlations);
        }

        private void Correlate<TEvent>(Func<TEvent, object?> correlation) where TEvent : class
        {
            if (!correlations.TryGetValue(typeof(TEvent), out var known))
            {
                correlations.Add(typeof(TEvent), known = []);
            }

            known.Add(message => correlation((TEvent)message));
        }
    }

    private sealed class ReactionBuilder<TMessage>(Reaction reaction, StateDefinition state, Dictionary<Type, List<Func<object, object?>>> correlations)
        : StateBuilder(state, correlations), IReaction<TState, TMessage> where TMessage : class
    {
        public IReaction<TState, TMessage> Then(Action<TState, TMessage, MessageContext> action)
            => Add(new ReactionStep.Acts((_, state, message, context, _) =>
            {
                action((TState)state, (TMessage)message, context);
                return Task.CompletedTask;
            }));

        public IReaction<TState, TMessage> ThenAsync<TService>(Func<TService, TState, TMessage, MessageContext, CancellationToken, Task> action) where TService : notnull
            => Add(new ReactionStep.Acts((scope, state, message, context, cancellationToken)
                => action(scope.GetRequiredService<TService>(), (TState)state, (TMessage)message, context, cancellationToken)));

        public IReaction<TState, TMessage> Schedule<TTimeout>(string name, TimeSpan delay, Func<TState, TTimeout> timeout) where TTimeout : class
            => Add(new ReactionStep.Schedules(name, delay, typeof(TTimeout), state => timeout((TState)state)));

        public IReaction<TState, TMessage> Unschedule(string name) => Add(new ReactionStep.Unschedules(name));

        public IReaction<TState, TMessage> GoTo(string state, Func<TState, TMessage, bool>? when) => Add(new ReactionStep.Enters(state, Untyped(when)));

        public IReaction<TState, TMessage> Complete(Func<TState, TMessage, bool>? when) => Add(new ReactionStep.Completes(Untyped(when)));

        private static Func<object, object, bool>? Untyped(Func<TState, TMessage, bool>? when)
            => when is null ? null : (state, message) => when((TState)state, (TMessage)message);

        private ReactionBuilder<TMessage> Add(ReactionStep step)
        {
            reaction.Add(step);
            return this;
        }
    }
}
