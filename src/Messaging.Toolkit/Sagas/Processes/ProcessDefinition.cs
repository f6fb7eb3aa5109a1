using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas.Definitions;

namespace Messaging.Toolkit.Sagas.Processes;

/// <summary>A process manager as it was defined.</summary>
internal sealed class ProcessDefinition(
    Type clrType, string? name, Type stateType, Func<object> newState, UpgradeList versions, MissingInstance missing,
    StateDefinition initial, StateDefinition any, IReadOnlyDictionary<string, StateDefinition> states,
    IReadOnlyDictionary<Type, List<Func<object, object?>>> correlations)
    : InstanceDefinition(clrType, name, stateType, versions.Upgrades)
{
    public MissingInstance Missing => missing;

    public StateDefinition Initial => initial;

    public StateDefinition Any => any;

    public IReadOnlyDictionary<string, StateDefinition> States => states;

    public override IEnumerable<Type> Incoming => correlations.Keys;

    public IReadOnlyDictionary<string, Type> Timeouts => field ??= AllReactions
        .SelectMany(reaction => reaction.Steps).OfType<ReactionStep.Schedules>()
        .DistinctBy(step => step.Name).ToDictionary(step => step.Name, step => step.TimeoutType, StringComparer.Ordinal);

    public override IEnumerable<Type> Stored => base.Stored.Concat(Timeouts.Values);

    /// <summary>Everything that can happen, and in which states; null before the beginning.</summary>
    public IEnumerable<(string? State, Reaction Reaction)> Reactions
        => initial.Reactions.Select(reaction => ((string?)null, reaction))
            .Concat(states.SelectMany(state => state.Value.Reactions, (state, reaction) => ((string?)state.Key, reaction)))
            .Concat(states.Keys.SelectMany(_ => any.Reactions, (state, reaction) => ((string?)state, reaction)));

    private IEnumerable<Reaction> AllReactions => states.Values.Prepend(any).Prepend(initial).SelectMany(state => state.Reactions);

    public object NewState() => newState();

    /// <summary>What an instance in a state does about something; null if nothing is said about it.</summary>
    /// <param name="state">The state; null if there is no instance yet.</param>
    /// <param name="type">The event or the timeout.</param>
    public Reaction? Find(string? state, Type type)
    {
        if (state is null)
        {
            return initial.Find(type);
        }

        var own = states.GetValueOrDefault(state);
        return own?.Ignores(type) == true ? null : own?.Find(type) ?? any.Find(type);
    }

    public bool Ignores(string state, Type type) => states.GetValueOrDefault(state)?.Ignores(type) == true || any.Ignores(type);

    /// <summary>What a message is correlated by, as text.</summary>
    /// <exception cref="UnhandleableException">It has nothing to be correlated by, or nothing that can be used.</exception>
    public string Correlate(object message)
    {
        var values = correlations[message.GetType()].Select(read => CorrelationText.Of(read(message), Name)).Distinct(StringComparer.Ordinal).ToList();
        if (values.Count > 1)
        {
            throw new UnhandleableException($"the correlations that {Name} has for its type, in several states, come to different values");
        }

        if (values[0] is not { } correlation)
        {
            throw new UnhandleableException($"it has nothing that {Name} could correlate it by: the value is null");
        }

        return MessageKeys.Refuse(correlation) is not { } reason
            ? correlation
            : throw new UnhandleableException($"{Name} cannot correlate it: {reason.Replace("the key", "the value", StringComparison.Ordinal)}");
    }

    public override bool Has(string position) => states.ContainsKey(position) || Timeouts.ContainsKey(position) || AllReactions.SelectMany(reaction => reaction.Targets).Contains(position);

    public override IEnumerable<string> Validate(IReadOnlyDictionary<Type, IMessageDefinition> messages)
        => base.Validate(messages).Concat(new ProcessCheck(this, versions.Errors).Find().Select(error => $"{ClrType.Name}: {error}."));

    protected override string Describe() => string.Join('\n', states.OrderBy(state => state.Key, StringComparer.Ordinal).Select(state
        => $"{state.Key}: {string.Join(", ", state.Value.Reactions.Select(reaction => $"{reaction.MessageType.Name} {string.Join('/', reaction.Targets)}"))}"));

    /// <summary>The id of the instance of a correlation: the same in every process.</summary>
    public static Guid IdOf(string definition, string correlation) => MessageIds.OfForeign(definition, correlation);
}
