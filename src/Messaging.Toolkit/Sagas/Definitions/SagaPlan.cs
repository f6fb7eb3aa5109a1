namespace Messaging.Toolkit.Sagas.Definitions;

/// <summary>A saga as the engine sees it: which steps there are, in which order, and what can become of them.</summary>
internal sealed class SagaPlan(IReadOnlyList<SagaStage> stages, TimeSpan? timeout, RetryPlan retry)
{
    private readonly Dictionary<string, (StepPlan Step, int Stage)> steps = stages
        .SelectMany((stage, index) => stage.Steps.Select(step => (Step: step, Stage: index)))
        .ToDictionary(entry => entry.Step.Name, StringComparer.Ordinal);

    public IReadOnlyList<SagaStage> Stages => stages;

    /// <summary>How long the whole may take, up to the pivot.</summary>
    public TimeSpan? Timeout => timeout;

    /// <summary>How compensations and the steps behind the pivot are tried again.</summary>
    public RetryPlan Retry => retry;

    public StepPlan Find(string name) => steps[name].Step;

    public bool Has(string name) => steps.ContainsKey(name);

    public SagaStage StageOf(string name) => stages[steps[name].Stage];

    public SagaStage? After(SagaStage stage) => stages.SkipWhile(each => each != stage).Skip(1).FirstOrDefault();
}

/// <summary>Steps that begin together: one, or the branches of a parallel group.</summary>
/// <param name="Name">The name of the group; null if it is a single step.</param>
/// <param name="Steps">The steps.</param>
internal sealed record SagaStage(string? Name, IReadOnlyList<StepPlan> Steps);

/// <summary>A step, as the engine sees it.</summary>
/// <param name="Name">Its name, unique in the saga.</param>
/// <param name="Timeout">How long it, or its compensation, may take to answer.</param>
/// <param name="CanBeUndone">Whether it has a compensation.</param>
/// <param name="IsPivot">Whether there is only forwards once it has succeeded.</param>
internal sealed record StepPlan(string Name, TimeSpan? Timeout = null, bool CanBeUndone = false, bool IsPivot = false);

/// <summary>How often something is tried, and with which pauses: they double from the first to the longest.</summary>
internal sealed record RetryPlan(int Attempts, TimeSpan First, TimeSpan Longest)
{
    public static readonly RetryPlan Default = new(10, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));

    /// <summary>The pause after that many attempts, from 1. Without chance in it: what is decided must be decided the same again.</summary>
    public TimeSpan PauseAfter(int attempts) => TimeSpan.FromTicks((long)Math.Min(First.Ticks * Math.Pow(2, Math.Min(attempts - 1, 30)), Longest.Ticks));
}
