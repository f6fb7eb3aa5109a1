namespace Messaging.Toolkit.Sagas.Processes;

/// <summary>What a process manager does when something has happened.</summary>
/// <param name="MessageType">The event or the timeout.</param>
/// <param name="IsTimeout">Whether it is a timeout.</param>
internal sealed record Reaction(Type MessageType, bool IsTimeout)
{
    private readonly List<ReactionStep> steps = [];

    public IReadOnlyList<ReactionStep> Steps => steps;

    /// <summary>Whether the instance may end with it.</summary>
    public bool MayComplete => steps.OfType<ReactionStep.Completes>().Any();

    /// <summary>Whether the instance ends with it in any case.</summary>
    public bool MustComplete => steps.OfType<ReactionStep.Completes>().Any(step => step.When is null);

    /// <summary>Whether the instance ends where it comes to a state. If both depend on conditions, these are taken to be the same.</summary>
    public bool CompletesIn(string state)
        => MustComplete || (MayComplete && steps.OfType<ReactionStep.Enters>().All(step => step.State != state || step.When is not null));

    public IEnumerable<string> Targets => steps.OfType<ReactionStep.Enters>().Select(step => step.State);

    public void Add(ReactionStep step) => steps.Add(step);
}

/// <summary>A part of a reaction.</summary>
internal abstract record ReactionStep
{
    private ReactionStep() { }

    public sealed record Acts(Func<IServiceProvider, object, object, MessageContext, CancellationToken, Task> Run) : ReactionStep;

    public sealed record Schedules(string Name, TimeSpan Delay, Type TimeoutType, Func<object, object> Create) : ReactionStep;

    public sealed record Unschedules(string Name) : ReactionStep;

    public sealed record Enters(string State, Func<object, object, bool>? When) : ReactionStep;

    public sealed record Completes(Func<object, object, bool>? When) : ReactionStep;
}
