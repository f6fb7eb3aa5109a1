using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Sagas.Definitions;

/// <summary>What was said about a step.</summary>
internal sealed class StepDefinition(string name)
{
    public const int MaxNameLength = 50;

    private readonly Dictionary<Type, ReplyDefinition> replies = [];
    private readonly List<string> errors = [];

    public string Name => name;

    public StepAction? Action { get; private set; }

    public StepAction? Compensation { get; private set; }

    /// <summary>The reply with which the compensation ends; null if it ends when the command is handled.</summary>
    public Type? CompensationReply { get; private set; }

    public TimeSpan? Timeout { get; set; }

    public IReadOnlyDictionary<Type, ReplyDefinition> Replies => replies;

    /// <summary>Every message that it sends, publishes or waits for.</summary>
    public IEnumerable<StepAction> Actions => new[] { Action, Compensation }.OfType<StepAction>();

    public void Do(StepAction action)
    {
        if (Action is not null)
        {
            errors.Add("it does more than one thing: make it several steps");
        }

        Action = action;
    }

    public void Undo(StepAction action, Type? reply = null)
    {
        if (Compensation is not null)
        {
            errors.Add("it has more than one Compensate");
        }

        Compensation = action;
        CompensationReply = reply;
    }

    public void AddReply(Type type, ReplyDefinition reply)
    {
        if (!replies.TryAdd(type, reply))
        {
            errors.Add($"it has {type.Name} for more than one end");
        }
    }

    public StepPlan ToPlan(bool isPivot) => new(name, Timeout, Compensation is not null, isPivot);

    /// <summary>What is wrong with it alone, as the ends of sentences that begin with its name.</summary>
    public IEnumerable<string> Validate()
    {
        if (Names.Refuse(name) is { } reason)
        {
            yield return $"its name cannot be used: {reason}";
        }
        else if (name.Length > MaxNameLength)
        {
            yield return $"its name has {name.Length} characters, the limit is {MaxNameLength}";
        }

        foreach (var error in errors)
        {
            yield return error;
        }

        if (Timeout is { } timeout && (timeout < TimeSpan.FromMilliseconds(1) || timeout > SagaDefinition.LongestTimeout))
        {
            yield return $"its Timeout is {timeout}: set it between 1 ms and 10 years";
        }

        switch (Action)
        {
            case null:
                yield return "it does nothing: add .Send(...), .Run<TActivity>() or .Publish(...)";
                break;

            case StepAction.Sends when !replies.Values.Any(reply => reply.Apply is not null):
                yield return "it has no way to end: add .Succeeds<TReply>()";
                break;

            case StepAction.Publishes or StepAction.Runs when replies.Count > 0:
                yield return "it waits for no reply: .Succeeds and .Fails belong to .Send(...)";
                break;
        }
    }
}
