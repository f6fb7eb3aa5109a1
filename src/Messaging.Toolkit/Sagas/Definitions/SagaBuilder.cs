namespace Messaging.Toolkit.Sagas.Definitions;

/// <summary>Collects the definition of a saga.</summary>
internal sealed class SagaBuilder<TState>(Type clrType) : ISagaBuilder<TState>, IForwardSagaBuilder<TState> where TState : class
{
    private readonly List<SagaSection> sections = [];
    private readonly UpgradeList versions = new();
    private readonly List<string> errors = [];
    private string? name;
    private TimeSpan? timeout;
    private RetryPlan retry = RetryPlan.Default;

    public ISagaBuilder<TState> Named(string name)
    {
        this.name = name;
        return this;
    }

    public ISagaBuilder<TState> Version(int version, Action<SagaUpgrade> upgrade)
    {
        versions.Add(version, upgrade);
        return this;
    }

    public ISagaBuilder<TState> Timeout(TimeSpan timeout)
    {
        this.timeout = timeout;
        return this;
    }

    public ISagaBuilder<TState> Retry(int attempts, TimeSpan firstPause, TimeSpan longestPause)
    {
        retry = new RetryPlan(attempts, firstPause, longestPause);
        return this;
    }

    public ISagaBuilder<TState> Step(string name, Action<SagaStepBuilder<TState>> configure)
    {
        var step = new SagaStepBuilder<TState>(name);
        configure(step);
        return Add(new SagaSection(null, [step.Definition]));
    }

    public ISagaBuilder<TState> Parallel(string name, Action<SagaGroupBuilder<TState>> configure)
    {
        var group = new SagaGroupBuilder<TState>();
        configure(group);
        return Add(new SagaSection(name, group.Steps));
    }

    public IForwardSagaBuilder<TState> Pivot(string name, Action<ForwardStepBuilder<TState>> configure)
    {
        if (sections.Exists(section => section.IsPivot))
        {
            errors.Add("it has more than one Pivot");
        }

        return Add(new SagaSection(null, [Forward(name, configure)], IsPivot: true));
    }

    IForwardSagaBuilder<TState> IForwardSagaBuilder<TState>.Step(string name, Action<ForwardStepBuilder<TState>> configure)
        => Add(new SagaSection(null, [Forward(name, configure)], IsForward: true));

    IForwardSagaBuilder<TState> IForwardSagaBuilder<TState>.Parallel(string name, Action<ForwardGroupBuilder<TState>> configure)
    {
        var group = new ForwardGroupBuilder<TState>();
        configure(group);
        return Add(new SagaSection(name, group.Steps, IsForward: true));
    }

    public SagaDefinition Build() => new(clrType, name, typeof(TState), versions.Upgrades, sections, timeout, retry, [.. versions.Errors, .. errors]);

    private static StepDefinition Forward(string name, Action<ForwardStepBuilder<TState>> configure)
    {
        var step = new ForwardStepBuilder<TState>(name);
        configure(step);
        return step.Definition;
    }

    private SagaBuilder<TState> Add(SagaSection section)
    {
        // Somebody may have kept the builder and gone on with it after the pivot.
        if (!section.IsForward && sections.Exists(before => before.IsPivot))
        {
            errors.Add($"the step '{section.Name ?? section.Steps[0].Name}' lies behind the pivot: go on with what Pivot returns");
        }

        sections.Add(section);
        return this;
    }
}
