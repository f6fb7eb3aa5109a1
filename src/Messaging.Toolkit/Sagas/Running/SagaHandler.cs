using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas.Definitions;
using Messaging.Toolkit.Sagas.Engine;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>
/// Handles the messages of one saga at its endpoint: its own signals, and the replies to its requests. It reads the instance, lets the
/// engine decide, does what was decided, and writes the instance: all in the transaction of the message.
/// </summary>
internal sealed class SagaHandler(SagaDefinition definition, string endpoint) : IInstanceHandler
{
    private static readonly TimeSpan LongestActivity = TimeSpan.FromDays(24);

    private readonly InstanceRepository<SagaProgress> instances = new(
        definition, endpoint, SagaJson.Default.SagaProgress, (progress, version) => BringUp(definition, progress, version), progress => Dependencies.Of(definition, progress));

    public bool Accepts(MessageEnvelope envelope) => SagaRequest.Parse(envelope.InReplyTo)?.Definition == definition.Name;

    public Guid? InstanceOf(object message, MessageEnvelope envelope) => SagaRequest.Parse(envelope.InReplyTo)?.Id;

    public async Task HandleAsync(IServiceProvider scope, object message, MessageContext context, CancellationToken cancellationToken)
    {
        var request = SagaRequest.Parse(context.Envelope.InReplyTo)!;
        var bus = scope.GetRequiredService<MessageBus>();
        var instance = await instances.ReadAsync(bus.Store, scope, request.Id, context, cancellationToken);
        var turn = new SagaTurn(scope, bus, context);
        if (instance.Record is null)
        {
            await BeginAsync(instance, message, turn, cancellationToken);
            return;
        }

        (turn.Progress, turn.State) = instances.Open(instance, turn.Services.States);
        request = WithCurrentName(request, turn.Progress);
        instance.IsMarked = instance.Record.Status == SagaStatus.Stuck && turn.Progress.Trouble is null;
        if (message is SagaSignal { Kind: SagaSignalKind.Run })
        {
            await GoOnAsync(instance, turn, [new SagaEffect(request.Step, request.Attempt, request.Undoes)], cancellationToken);
        }
        else if (InputOf(message, instance, turn, request) is { } input)
        {
            await GoOnAsync(instance, turn, Decide(instance, turn, input), cancellationToken);
        }
    }

    private async Task BeginAsync(Instance instance, object message, SagaTurn turn, CancellationToken cancellationToken)
    {
        if (message is not SagaSignal { Kind: SagaSignalKind.Start, State: { } state } start)
        {
            throw new UnhandleableException($"it is for saga {instance.Id:N} of '{definition.Name}', which does not exist");
        }

        if (start.Version > definition.Version)
        {
            throw new SagaMisplacedException($"'{definition.Name}' is started in version {start.Version}, and this process has version {definition.Version}: the start waits for a process that has it.");
        }

        turn.State = turn.Services.States.Read(definition.MapState(state, start.Version), definition.StateType, definition.Name);
        await GoOnAsync(instance, turn, Decide(instance, turn, new SagaInput.Started()), cancellationToken);
    }

    /// <summary>What a message means to the instance; null if it means nothing any more.</summary>
    private SagaInput? InputOf(object message, Instance instance, SagaTurn turn, SagaRequest request) => message switch
    {
        // It was started twice, or the reply came twice under different ids.
        SagaSignal { Kind: SagaSignalKind.Start } => null,

        // Something of it is in the dead letters: nothing is decided by the clock until somebody has looked at that.
        SagaSignal { Kind: SagaSignalKind.Due } when instance.IsMarked => null,
        SagaSignal { Kind: SagaSignalKind.Due, DueUntil: { } due } => new SagaInput.Due(due),
        SagaSignal { Kind: SagaSignalKind.Resume } => Resume(instance),
        SagaSignal { Kind: SagaSignalKind.Cancel, Reason: { } reason } => new SagaInput.Cancelled(reason),
        _ when !definition.Has(request.Step) => throw new UnhandleableException($"it replies to step '{request.Step}', which '{definition.Name}' does not have"),
        Answer answer => InputOf(answer, request),
        _ => InputOfReply(message, turn, request),
    };

    /// <summary>A request that another version of the definition has made comes back with the name that its step had then.</summary>
    private static SagaRequest WithCurrentName(SagaRequest request, SagaProgress progress)
        => progress.Steps.FirstOrDefault(run => run.RequestName == request.Step) is { } run ? request with { Step = run.Step } : request;

    private static SagaInput? Resume(Instance instance)
    {
        if (instance.Record!.Status != SagaStatus.Stuck)
        {
            return null;
        }

        var wasMarked = instance.IsMarked;
        instance.IsMarked = false;
        return new SagaInput.Resumed(AlsoWhatRuns: wasMarked);
    }

    /// <summary>The toolkit's own answer: a command was handled, or is in the dead letters over there.</summary>
    private SagaInput? InputOf(Answer answer, SagaRequest request) => (request.Undoes, answer.Handled) switch
    {
        (true, true) => definition.Step(request.Step).CompensationReply is null ? new SagaInput.Undone(request.Step, request.Attempt) : null,
        (false, true) => null,
        (true, false) => new SagaInput.UndoFailed(request.Step, request.Attempt, answer.Reason ?? "its command was given up", SagaFailureKind.Broken),
        (false, false) => new SagaInput.Failed(request.Step, request.Attempt, answer.Reason ?? "its command was given up", SagaFailureKind.Broken),
    };

    private SagaInput? InputOfReply(object reply, SagaTurn turn, SagaRequest request)
    {
        var step = definition.Step(request.Step);
        if (request.Undoes)
        {
            return step.CompensationReply == reply.GetType()
                ? new SagaInput.Undone(step.Name, request.Attempt)
                : throw new UnhandleableException($"step '{step.Name}' of '{definition.Name}' is not undone by such a reply");
        }

        var meaning = step.Replies.GetValueOrDefault(reply.GetType())
            ?? throw new UnhandleableException($"step '{step.Name}' of '{definition.Name}' has no .Succeeds or .Fails for such a reply");
        if (meaning.ReasonOf is { } reasonOf)
        {
            return new SagaInput.Failed(step.Name, request.Attempt, reasonOf(reply) ?? reply.GetType().Name);
        }

        // What has ended once is not told of twice: a second reply must not change what the first has left.
        if (turn.Progress.Find(step.Name) is not { State: StepState.Running or StepState.Waiting or StepState.TimedOut or StepState.Failed })
        {
            return null;
        }

        meaning.Apply!(turn.State, reply);
        return new SagaInput.Succeeded(step.Name, request.Attempt);
    }

    private IReadOnlyList<SagaEffect> Decide(Instance instance, SagaTurn turn, SagaInput input)
    {
        var decision = SagaEngine.Decide(definition.Plan, turn.Progress, input, instance.Now);
        turn.Progress = decision.Progress;
        foreach (var (told, step, detail, failure) in decision.History)
        {
            instance.Note(told, step, detail, failure);

            // What it was marked for is of no interest any more when everything is undone.
            instance.IsMarked &= told != SagaEvent.Cancelled;
        }

        return decision.Effects;
    }

    /// <summary>Does what was decided, and what follows from it here, and writes the instance if anything has changed.</summary>
    private async Task GoOnAsync(Instance instance, SagaTurn turn, IReadOnlyList<SagaEffect> decided, CancellationToken cancellationToken)
    {
        var toDo = new Queue<SagaEffect>(decided);
        while (toDo.TryDequeue(out var effect))
        {
            if (SagaEngine.Expects(turn.Progress, effect) && await DoAsync(instance, turn, effect, cancellationToken) is { } outcome)
            {
                foreach (var next in Decide(instance, turn, outcome))
                {
                    toDo.Enqueue(next);
                }
            }
        }

        if (instance.History.Count > 0)
        {
            await WriteAsync(instance, turn, cancellationToken);
        }
    }

    /// <summary>Does one thing; returns how it has ended, or null if that is still to come.</summary>
    private async Task<SagaInput?> DoAsync(Instance instance, SagaTurn turn, SagaEffect effect, CancellationToken cancellationToken)
    {
        if (turn.FailureOf(instance.Id, effect) is { } failure)
        {
            return effect.Undoes
                ? new SagaInput.UndoFailed(effect.Step, effect.Attempt, failure.Reason, failure.Kind)
                : new SagaInput.Failed(effect.Step, effect.Attempt, failure.Reason, failure.Kind);
        }

        var step = definition.Step(effect.Step);
        switch (effect.Undoes ? step.Compensation : step.Action)
        {
            case StepAction.Sends sends:
                Guarded(instance, effect, () => Request(instance, turn, effect, sends.Create(turn.State)));
                return null;

            case StepAction.Publishes publishes:
                Guarded(instance, effect, () => turn.Bus.Publish(publishes.Create(turn.State)));
                break;

            case StepAction.Runs when turn.HasRunActivity:
                Signal(instance, turn, effect);
                return null;

            case StepAction.Runs runs:
                turn.HasRunActivity = true;
                await RunAsync(instance, turn, effect, runs, step.Timeout, cancellationToken);
                break;
        }

        return effect.Undoes ? new SagaInput.Undone(effect.Step, effect.Attempt) : new SagaInput.Succeeded(effect.Step, effect.Attempt);
    }

    /// <summary>Sends a command that the step waits for. The same attempt is the same message, however often it is sent.</summary>
    private void Request(Instance instance, SagaTurn turn, SagaEffect effect, object command)
    {
        var request = RequestOf(instance, turn, effect);
        turn.Bus.Add(command, MessageKind.Command, new Addressing
        {
            Id = MessageIds.OfRequest(instance.Id, request.Step, effect.Attempt, effect.Undoes),
            ReplyTo = new ReplyAddress(endpoint, request.ToString(), SagaRequest.KeyOf(instance.Id), Acknowledge: effect.Undoes && definition.Step(effect.Step).CompensationReply is null),
        });
    }

    private SagaRequest RequestOf(Instance instance, SagaTurn turn, SagaEffect effect)
        => new(definition.Name, instance.Id, turn.Progress.Find(effect.Step)!.RequestName, effect.Attempt, effect.Undoes);

    /// <summary>Has an activity run in a transaction of its own: another one has run in this one, and a failure must not touch it.</summary>
    private void Signal(Instance instance, SagaTurn turn, SagaEffect effect)
        => turn.Bus.SendTo(endpoint, new SagaSignal(SagaSignalKind.Run), RequestOf(instance, turn, effect).ToAddressing());

    private async Task RunAsync(Instance instance, SagaTurn turn, SagaEffect effect, StepAction.Runs runs, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        // A token's clock does not run for longer than some weeks; nor does a transaction.
        var time = turn.Services.Time;
        using var limit = new CancellationTokenSource(timeout is { } longest && longest < LongestActivity ? longest : Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var context = new ActivityContext(instance.Id, effect.Step, turn.Progress.Find(effect.Step)!.RequestName, effect.Attempt, effect.Undoes, turn.Progress.Reason, turn.Context);
        ActivityResult result;
        try
        {
            result = await WaitAsync(runs.Execute(turn.Scope, turn.State, context, either.Token), instance, turn, effect, either.Token);
            if (result.Reason is null)
            {
                // Here, so that what cannot be saved is the activity's failure and nobody else's.
                await turn.Bus.Store.Sagas.SaveAsync(turn.Scope, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception) when (limit.IsCancellationRequested)
        {
            throw new StepFailedException(instance.Id, effect, $"it did not end within {timeout}", SagaFailureKind.TimedOut, isFinal: true, exception);
        }
        catch (Exception exception)
        {
            throw Broken(instance, effect, exception);
        }

        if (result.Reason is { } reason)
        {
            throw new StepFailedException(instance.Id, effect, reason, SagaFailureKind.Refused, isFinal: true);
        }
    }

    /// <summary>Waits for an activity. One that does not listen to its token is left behind: its transaction is rolled back, and what it holds is kept until it ends.</summary>
    private static async Task<ActivityResult> WaitAsync(Task<ActivityResult> activity, Instance instance, SagaTurn turn, SagaEffect effect, CancellationToken cancellationToken)
    {
        try
        {
            return await activity.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!activity.IsCompleted)
        {
            await turn.Services.LeftBehind.LeaveAsync(activity, instance.Id, effect, turn.Bus.Store.GetSession(turn.Scope));
            throw;
        }
    }

    private static void Guarded(Instance instance, SagaEffect effect, Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception)
        {
            throw Broken(instance, effect, exception);
        }
    }

    /// <summary>The exception's own message may quote what nobody else should read. It is in the log.</summary>
    private static StepFailedException Broken(Instance instance, SagaEffect effect, Exception exception)
        => new(instance.Id, effect, exception is MessagingException ? exception.Message : $"it failed with {exception.GetType().Name}", SagaFailureKind.Broken, isFinal: false, exception);

    private async Task WriteAsync(Instance instance, SagaTurn turn, CancellationToken cancellationToken)
    {
        var progress = turn.Progress;
        var isMarked = instance.IsMarked && !progress.IsFinished;
        var isStuck = progress.Trouble is not null || isMarked;
        var failure = progress.TroubleKind ?? (isMarked ? SagaFailureKind.Broken : progress.Failure);
        var status = isStuck ? SagaStatus.Stuck : progress.Status;
        var reason = progress.Trouble ?? (isMarked ? instance.Record!.Reason : null) ?? progress.Reason;
        await instances.WriteAsync(
            turn.Bus.Store, turn.Scope, instance, progress, turn.Services.States.Write(turn.State, definition.Name),
            new InstanceSummary(SagaRequest.KeyOf(instance.Id), status, progress.Position, reason, failure, isMarked ? null : progress.DueAt), cancellationToken);
        if (status is SagaStatus.Completed or SagaStatus.Compensated or SagaStatus.Stuck)
        {
            turn.Context.OnCommitted(() => turn.Services.Watch.Look(turn.Bus.Store));
        }

        if (status is (SagaStatus.Completed or SagaStatus.Compensated) && !instance.IsFinished)
        {
            turn.Context.OnCommitted(() => turn.Services.Metrics.SagaEnded(definition.Name, status));
        }
    }

    /// <summary>A progress as a version has left it, as the current one has it. What that does not undo any more need not be undone: a new version says so.</summary>
    public static SagaProgress BringUp(SagaDefinition definition, SagaProgress progress, int version)
    {
        var current = definition.UpgradesFrom(version).Aggregate(progress, Upgrade);
        return version == definition.Version
            ? current
            : current with { Effects = [.. current.Effects.Where(step => !definition.Has(step) || definition.Step(step).Compensation is not null)] };
    }

    /// <summary>A step keeps the name that it was begun with for its requests, some of which may be on their way.</summary>
    private static SagaProgress Upgrade(SagaProgress progress, SagaUpgrade upgrade) => progress with
    {
        Steps = [.. progress.Steps
            .Select(run => (Run: run, Name: upgrade.NameOf(run.Step)))
            .Where(step => step.Name is not null || step.Run.IsOpen)
            .Select(step => step.Name is null || step.Name == step.Run.Step ? step.Run : step.Run with { Step = step.Name, BegunAs = step.Run.RequestName })],
        Effects = [.. progress.Effects.Select(upgrade.NameOf).OfType<string>()],
    };
}
