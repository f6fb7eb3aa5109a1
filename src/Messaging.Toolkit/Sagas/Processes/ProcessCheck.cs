using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas.Definitions;

namespace Messaging.Toolkit.Sagas.Processes;

/// <summary>Finds what is wrong with the definition of a process manager: everything at once.</summary>
internal sealed class ProcessCheck(ProcessDefinition process, IReadOnlyList<string> errors)
{
    public IEnumerable<string> Find()
        => errors.Concat(CheckBeginning()).Concat(CheckNames()).Concat(CheckReactions()).Concat(CheckStates());

    private IEnumerable<string> CheckBeginning()
    {
        if (process.Initial.Reactions.All(reaction => reaction.IsTimeout))
        {
            yield return "no event begins it: add .Initially(p => p.When<TEvent>(...))";
        }

        foreach (var reaction in process.Initial.Reactions)
        {
            if (reaction.IsTimeout)
            {
                yield return $"a timeout ({reaction.MessageType.Name}) cannot begin it";
            }
            else if (!reaction.Targets.Any() && !reaction.MustComplete)
            {
                yield return $"{reaction.MessageType.Name} begins it and leaves it without a state: add .GoTo(\"...\")";
            }
        }
    }

    private IEnumerable<string> CheckNames()
    {
        var reactions = AllReactions().ToList();
        var states = process.States.Keys.Concat(reactions.SelectMany(reaction => reaction.Targets));
        var timeouts = reactions.SelectMany(reaction => reaction.Steps).OfType<ReactionStep.Schedules>().Select(step => step.Name);
        foreach (var name in states.Concat(timeouts).Distinct(StringComparer.Ordinal))
        {
            if (Names.Refuse(name) is { } reason)
            {
                yield return $"the name {Names.Show(name)} cannot be used: {reason}";
            }
            else if (name.Length > StepDefinition.MaxNameLength)
            {
                yield return $"the name {Names.Show(name)} has {name.Length} characters, the limit is {StepDefinition.MaxNameLength}";
            }
        }
    }

    private IEnumerable<string> CheckReactions()
    {
        foreach (var (name, state) in process.States.Append(new("any state", process.Any)).Append(new("the beginning", process.Initial)))
        {
            foreach (var type in state.Reactions.GroupBy(reaction => reaction.MessageType).Where(group => group.Count() > 1))
            {
                yield return $"{type.Key.Name} is handled {type.Count()} times in {Names.Show(name)}: handle it once";
            }

            foreach (var type in state.Reactions.Select(reaction => reaction.MessageType).Where(state.Ignores))
            {
                yield return $"{type.Name} is both handled and ignored in {Names.Show(name)}";
            }
        }

        var scheduled = AllReactions().SelectMany(reaction => reaction.Steps).OfType<ReactionStep.Schedules>().ToList();
        foreach (var step in scheduled.Where(step => step.Delay < TimeSpan.Zero || step.Delay > SagaDefinition.LongestTimeout))
        {
            yield return $"the timeout {Names.Show(step.Name)} has a delay of {step.Delay}: set it between 0 and 10 years";
        }

        foreach (var group in scheduled.GroupBy(step => step.Name).Where(group => group.Select(step => step.TimeoutType).Distinct().Count() > 1))
        {
            yield return $"the timeout {Names.Show(group.Key)} is scheduled with different types: give each its own name";
        }

        var handled = AllReactions().Where(reaction => reaction.IsTimeout).Select(reaction => reaction.MessageType).ToHashSet();
        foreach (var step in scheduled.Where(step => !handled.Contains(step.TimeoutType)))
        {
            yield return $"the timeout {Names.Show(step.Name)} is scheduled and nowhere handled: add .WhenTimeout<{step.TimeoutType.Name}>()";
        }

        foreach (var type in handled.Where(type => !scheduled.Exists(step => step.TimeoutType == type)))
        {
            yield return $"the timeout {type.Name} is handled and nowhere scheduled: add .Schedule(...)";
        }

        foreach (var step in AllReactions().SelectMany(reaction => reaction.Steps).OfType<ReactionStep.Unschedules>().Where(step => !scheduled.Exists(other => other.Name == step.Name)))
        {
            yield return $"the timeout {Names.Show(step.Name)} is unscheduled and nowhere scheduled";
        }
    }

    private IEnumerable<string> CheckStates()
    {
        var reachable = Reachable();
        foreach (var state in process.States.Keys.Where(state => !reachable.Contains(state)))
        {
            yield return $"the state {Names.Show(state)} cannot be reached: nothing goes to it";
        }

        // In an unnamed state nothing more can happen to an instance unless any state has a way.
        var escapes = process.Any.Reactions.Any(Leaves);
        foreach (var state in reachable.Where(state => !escapes && !EndsAtOnce(state) && !(process.States.GetValueOrDefault(state)?.Reactions.Any(Leaves) ?? false)))
        {
            yield return $"the state {Names.Show(state)} has no way out: handle something in it that goes to another state or completes, or complete where it is entered";
        }
    }

    /// <summary>A condition may hold one day, or none: whether it does cannot be seen here, and to wait for it is what a state is for.</summary>
    private static bool Leaves(Reaction reaction) => reaction.MayComplete || reaction.Targets.Any();

    /// <summary>Whether every reaction that goes to the state completes at once: then it only has a name.</summary>
    private bool EndsAtOnce(string state)
        => AllReactions().Where(reaction => reaction.Targets.Contains(state)).All(reaction => reaction.CompletesIn(state));

    private HashSet<string> Reachable()
    {
        var reachable = new HashSet<string>(StringComparer.Ordinal);
        var next = new Queue<string>(process.Initial.Reactions.Concat(process.Any.Reactions).SelectMany(reaction => reaction.Targets));
        while (next.TryDequeue(out var state))
        {
            if (reachable.Add(state) && process.States.TryGetValue(state, out var definition))
            {
                foreach (var target in definition.Reactions.SelectMany(reaction => reaction.Targets))
                {
                    next.Enqueue(target);
                }
            }
        }

        return reachable;
    }

    private IEnumerable<Reaction> AllReactions()
        => process.States.Values.Prepend(process.Any).Prepend(process.Initial).SelectMany(state => state.Reactions);
}
