using System.Globalization;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Sagas.Definitions;

/// <summary>A saga as it was defined.</summary>
internal sealed class SagaDefinition : InstanceDefinition
{
    public static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(3650);

    private readonly IReadOnlyList<SagaSection> sections;
    private readonly IReadOnlyList<string> errors;
    private readonly Dictionary<string, StepDefinition> steps;
    private readonly TimeSpan? timeout;
    private readonly RetryPlan retry;

    public SagaDefinition(
        Type clrType, string? name, Type stateType, IReadOnlyList<SagaUpgrade> upgrades, IReadOnlyList<SagaSection> sections,
        TimeSpan? timeout, RetryPlan retry, IReadOnlyList<string> errors)
        : base(clrType, name, stateType, upgrades)
    {
        this.sections = sections;
        this.timeout = timeout;
        this.retry = retry;
        this.errors = errors;
        steps = AllSteps.DistinctBy(step => step.Name).ToDictionary(step => step.Name, StringComparer.Ordinal);
    }

    /// <summary>What the engine has to know. Only for a definition that is valid.</summary>
    public SagaPlan Plan => field ??= new SagaPlan(
        [.. sections.Select(section => new SagaStage(section.Name, [.. section.Steps.Select(step => step.ToPlan(section.IsPivot))]))], timeout, retry);

    public IReadOnlyList<SagaSection> Sections => sections;

    public override IEnumerable<Type> Incoming
        => AllSteps.SelectMany(step => step.Replies.Keys.Concat(step.CompensationReply is { } reply ? [reply] : [])).Distinct();

    public override IEnumerable<Type> Requests => AllSteps.SelectMany(step => step.Actions).OfType<StepAction.Sends>().Select(sends => sends.MessageType);

    public IEnumerable<StepAction.Runs> Activities => AllSteps.SelectMany(step => step.Actions).OfType<StepAction.Runs>();

    private IEnumerable<StepDefinition> AllSteps => sections.SelectMany(section => section.Steps);

    public StepDefinition Step(string name) => steps[name];

    public bool IsPivot(string step) => sections.Any(section => section.IsPivot && section.Steps.Any(each => each.Name == step));

    public override bool Has(string position) => steps.ContainsKey(position);

    public override IEnumerable<string> Validate(IReadOnlyDictionary<Type, IMessageDefinition> messages)
    {
        foreach (var error in base.Validate(messages).Concat(errors.Select(error => $"{ClrType.Name}: {error}.")))
        {
            yield return error;
        }

        if (sections.Count == 0)
        {
            yield return $"{ClrType.Name} has no steps: add .Step(\"...\", s => ...).";
        }

        foreach (var group in sections.Where(section => section.Steps.Count == 0))
        {
            yield return $"{ClrType.Name}: the group {Names.Show(group.Name)} has no steps.";
        }

        foreach (var name in ReusedNames)
        {
            yield return $"{ClrType.Name} has a step {Names.Show(name)}, and a Version has renamed or removed another one of that name: name it otherwise, as replies to the former may be on their way.";
        }

        foreach (var group in AllSteps.GroupBy(step => step.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            yield return $"{ClrType.Name} has {group.Count()} steps named {Names.Show(group.Key)}: names must differ, and by more than their case.";
        }

        if (timeout is { } whole && (whole < TimeSpan.FromMilliseconds(1) || whole > LongestTimeout))
        {
            yield return $"{ClrType.Name} has Timeout({whole}): set it between 1 ms and 10 years.";
        }

        if (retry.Attempts is < 1 or > 1000 || retry.First < TimeSpan.FromMilliseconds(1) || retry.Longest < retry.First || retry.Longest > TimeSpan.FromDays(30))
        {
            yield return $"{ClrType.Name} has Retry({retry.Attempts}, {retry.First}, {retry.Longest}): set 1 to 1000 attempts, and pauses from 1 ms to 30 days of which the first is not the longest.";
        }

        foreach (var step in AllSteps)
        {
            foreach (var error in step.Validate().Concat(ValidateMessages(step, messages)))
            {
                yield return $"{ClrType.Name}, step {Names.Show(step.Name)}: {error}.";
            }
        }
    }

    protected override string Describe() => string.Join('\n', sections.Select(section => string.Create(
        CultureInfo.InvariantCulture,
        $"{section.Name}{(section.IsPivot ? "!" : "")}: {string.Join(", ", section.Steps.Select(step => $"{step.Name} {step.Action?.GetType().Name}/{step.Compensation?.GetType().Name}"))}")));

    private static IEnumerable<string> ValidateMessages(StepDefinition step, IReadOnlyDictionary<Type, IMessageDefinition> messages)
    {
        foreach (var action in step.Actions)
        {
            var error = action switch
            {
                StepAction.Sends sends => RefuseMessage(sends.MessageType, MessageKind.Command, messages),
                StepAction.Publishes publishes => RefuseMessage(publishes.MessageType, MessageKind.Event, messages),
                _ => null,
            };
            if (error is not null)
            {
                yield return error;
            }
        }

        foreach (var reply in step.Replies.Keys.Concat(step.CompensationReply is { } last ? [last] : []))
        {
            if (RefuseMessage(reply, MessageKind.Event, messages) is { } error)
            {
                yield return error;
            }
        }
    }

    private static string? RefuseMessage(Type type, MessageKind kind, IReadOnlyDictionary<Type, IMessageDefinition> messages)
    {
        var registered = messages.GetValueOrDefault(type);
        if (registered is null)
        {
            return $"{type.Name} is not registered: add .{kind}<{type.Name}>(...)";
        }

        return registered.Kind == kind ? null : $"{type.Name} is registered as {(kind == MessageKind.Event ? "a command, and has to be an event" : "an event, and has to be a command")}";
    }
}

/// <summary>A part of a saga that begins when the part before has ended: a step, or a group of them.</summary>
/// <param name="Name">The name of the group; null if it is a single step.</param>
/// <param name="Steps">The steps.</param>
/// <param name="IsPivot">Whether it is the pivot.</param>
/// <param name="IsForward">Whether it lies behind the pivot.</param>
internal sealed record SagaSection(string? Name, IReadOnlyList<StepDefinition> Steps, bool IsPivot = false, bool IsForward = false);
