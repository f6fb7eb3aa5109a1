using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas.Engine;
using Messaging.Toolkit.Sagas.Running;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Sagas.Processes;

/// <summary>
/// Handles the events of one process manager at its endpoint, and the timeouts that come back to it: finds the instance, does what its
/// state says, and writes it, all in the transaction of the message.
/// </summary>
internal sealed class ProcessHandler(ProcessDefinition definition, string endpoint) : IInstanceHandler
{
    private const int MostParked = 100;

    /// <summary>What an event that has waited too long comes back with: if there is still no instance for it, it waits no more.</summary>
    private const string Waited = "waited";

    private readonly InstanceRepository<ProcessProgress> instances = new(
        definition, endpoint, SagaJson.Default.ProcessProgress, (progress, version) => BringUp(definition, progress, version), progress => Dependencies.Of(definition, progress));

    /// <summary>Events are for whoever handles their type; what is for one instance is for that alone.</summary>
    public bool Accepts(MessageEnvelope envelope)
        => SagaRequest.Parse(envelope.InReplyTo) is not { } request || request.Definition == definition.Name;

    public Guid? InstanceOf(object message, MessageEnvelope envelope)
        => message is SagaSignal ? SagaRequest.Parse(envelope.InReplyTo)?.Id : IdOf(definition.Correlate(message));

    public async Task HandleAsync(IServiceProvider scope, object message, MessageContext context, CancellationToken cancellationToken)
    {
        var bus = scope.GetRequiredService<MessageBus>();
        var turn = new ProcessTurn(scope, bus, context, cancellationToken);
        if (message is SagaSignal signal)
        {
            await TakeSignalAsync(turn, SagaRequest.Parse(context.Envelope.InReplyTo)!.Id, signal);
            return;
        }

        turn.Correlation = definition.Correlate(message);
        await OpenAsync(turn, IdOf(turn.Correlation));
        if (turn.Instance.IsFinished)
        {
            return;
        }

        if (turn.Progress.State is not null)
        {
            await HandleEventAsync(turn, message, context);
        }
        else if (definition.Find(state: null, message.GetType()) is { } beginning)
        {
            await BeginAsync(turn, message, beginning);
        }
        else
        {
            SetAside(turn, message);
        }

        await WriteAsync(turn);
    }

    private Guid IdOf(string correlation) => ProcessDefinition.IdOf(definition.Name, correlation);

    private async Task OpenAsync(ProcessTurn turn, Guid id)
    {
        turn.Instance = await instances.ReadAsync(turn.Bus.Store, turn.Scope, id, turn.Context, turn.CancellationToken);
        if (turn.Instance.Record is null)
        {
            (turn.Progress, turn.State) = (new ProcessProgress(), definition.NewState());
        }
        else if (!turn.Instance.IsFinished)
        {
            turn.Instance.IsMarked = turn.Instance.Record.Status == SagaStatus.Stuck;
            (turn.Progress, turn.State) = instances.Open(turn.Instance, turn.Services.States);
        }
    }

    private async Task TakeSignalAsync(ProcessTurn turn, Guid id, SagaSignal signal)
    {
        await OpenAsync(turn, id);
        if (turn.Instance.Record is null || turn.Instance.IsFinished)
        {
            // Its timeout has lost against its end, or there is nothing to resume.
            return;
        }

        // What is marked waits for somebody to look at it, and so do its timeouts.
        if (signal is { Kind: SagaSignalKind.Due, DueUntil: { } due } && !turn.Instance.IsMarked)
        {
            await FireTimeoutsAsync(turn, due);
            GiveUpParked(turn, due);
        }
        else if (signal.Kind == SagaSignalKind.Resume && turn.Instance.IsMarked)
        {
            turn.Instance.IsMarked = false;
            turn.Instance.Note(SagaEvent.Resumed);
        }

        await WriteAsync(turn);
    }

    private async Task BeginAsync(ProcessTurn turn, object message, Reaction beginning)
    {
        turn.Instance.Note(SagaEvent.Started, detail: turn.NameOf(message));
        await ReactAsync(turn, beginning, message, turn.Context);
        var parked = turn.Progress.Parked;
        turn.Progress = turn.Progress with { Parked = [] };
        foreach (var waiting in parked)
        {
            await HandleParkedAsync(turn, waiting);
        }
    }

    /// <summary>
    /// Handles an event that has waited for the instance. What is wrong with it must not keep the instance from beginning: then it goes on as a message of its
    /// own, to this instance alone, and fails there if it must.
    /// </summary>
    private async Task HandleParkedAsync(ProcessTurn turn, ParkedEvent parked)
    {
        if (turn.Progress.IsCompleted)
        {
            return;
        }

        var envelope = parked.ToEnvelope();
        if (turn.Registry.Find(envelope.Type) is not { } type)
        {
            // Another process, or the next deployment, may know it.
            turn.Progress = turn.Progress with { Parked = [.. turn.Progress.Parked, parked] };
            return;
        }

        var message = type.Serializer.Deserialize(envelope.Body.Span, type.ClrType);
        var attempt = new SagaEffect($"parked {envelope.Id:N}", Attempt: 1, Undoes: false);
        if (!IsExpected(turn.Progress.State!, message.GetType()) || turn.Context.GivenUp.Any(failure => failure.IsOf(turn.Instance.Id, attempt)))
        {
            SendOn(turn, message, envelope);
            return;
        }

        try
        {
            await HandleEventAsync(turn, message, new MessageContext(envelope, endpoint, turn.Context.Attempt, turn.Bus));
        }
        catch (Exception exception) when (!turn.CancellationToken.IsCancellationRequested)
        {
            throw new StepFailedException(turn.Instance.Id, attempt, $"the reaction to an event that had waited failed with {exception.GetType().Name}", SagaFailureKind.Broken, isFinal: false, exception);
        }
    }

    private void SendOn(ProcessTurn turn, object message, MessageEnvelope envelope)
        => turn.Bus.SendTo(
            endpoint,
            message,
            new SagaRequest(definition.Name, turn.Instance.Id).ToAddressing() with { ReplyTo = envelope.ReplyTo },
            options =>
            {
                options.CorrelationId = envelope.CorrelationId;
                foreach (var (name, value) in envelope.Headers)
                {
                    options.Headers[name] = value;
                }
            });

    private bool IsExpected(string state, Type type)
        => definition.Find(state, type) is not null || definition.Ignores(state, type) || definition.Initial.Find(type) is not null;

    private async Task HandleEventAsync(ProcessTurn turn, object message, MessageContext context)
    {
        var state = turn.Progress.State!;
        if (definition.Find(state, message.GetType()) is { } reaction)
        {
            turn.Instance.Note(SagaEvent.EventHandled, state, turn.NameOf(message));
            await ReactAsync(turn, reaction, message, context);
        }
        else if (definition.Ignores(state, message.GetType()))
        {
            turn.Instance.Note(SagaEvent.EventSetAside, state, turn.NameOf(message));
        }
        else if (!IsExpected(state, message.GetType()))
        {
            throw new UnhandleableException($"'{definition.Name}' does not expect it in state '{state}': handle it there, or .Ignore it");
        }
        else
        {
            // Another one that could have begun it, and came too late for that.
            turn.Instance.Note(SagaEvent.EventSetAside, state, turn.NameOf(message));
        }
    }

    private void SetAside(ProcessTurn turn, object message)
    {
        switch (definition.Missing)
        {
            case MissingInstance.Ignore:
                return;

            case MissingInstance.Park:
                Park(turn, message);
                return;

            default:
                throw new UnhandleableException($"there is no instance of '{definition.Name}' for it, and it cannot begin one: see .Missing(...)");
        }
    }

    private void Park(ProcessTurn turn, object message)
    {
        var options = turn.Services.Options;
        if (SagaRequest.Parse(turn.Context.Envelope.InReplyTo)?.Step == Waited)
        {
            throw new UnhandleableException($"it has waited {options.ParkedRetention} for its instance of '{definition.Name}' to begin (Sagas.ParkedRetention)");
        }

        if (turn.Progress.Parked.Count >= MostParked)
        {
            throw new UnhandleableException($"{MostParked} events wait already for this instance of '{definition.Name}' to begin");
        }

        var until = turn.Instance.Now + options.ParkedRetention;
        turn.Instance.Note(SagaEvent.EventSetAside, detail: turn.NameOf(message));
        turn.Progress = turn.Progress with
        {
            Parked = [.. turn.Progress.Parked, ParkedEvent.Of(turn.Context.Envelope, until)],
        };
        if (turn.Progress.Parked.Sum(parked => (long)parked.Bytes) > options.MaxParkedBytes)
        {
            throw new UnhandleableException($"with it the events that wait for this instance of '{definition.Name}' to begin had more than {options.MaxParkedBytes} bytes (Sagas.MaxParkedBytes)");
        }
    }

    /// <summary>Events that have waited long enough become messages of their own again, which find no instance and go to the dead letters, as they are.</summary>
    private void GiveUpParked(ProcessTurn turn, DateTime due)
    {
        var expired = turn.Progress.Parked.Where(parked => parked.Until <= due).ToList();
        foreach (var parked in expired)
        {
            // What nobody knows here any more is for nobody in particular: it must not leave the instance stuck.
            var addressing = new SagaRequest(definition.Name, turn.Instance.Id, Waited).ToAddressing();
            turn.Instance.Note(SagaEvent.EventSetAside, detail: $"{parked.Type} has waited long enough");
            turn.Bus.SendAgain(parked.ToEnvelope(), endpoint, turn.Registry.Find(parked.Type) is null ? addressing with { InReplyTo = null } : addressing);
        }

        turn.Progress = turn.Progress with { Parked = [.. turn.Progress.Parked.Except(expired)] };
    }

    private async Task ReactAsync(ProcessTurn turn, Reaction reaction, object message, MessageContext context)
    {
        foreach (var step in reaction.Steps)
        {
            switch (step)
            {
                case ReactionStep.Acts acts:
                    await acts.Run(turn.Scope, turn.State, message, context, turn.CancellationToken);
                    break;

                case ReactionStep.Schedules schedules:
                    Schedule(turn, schedules);
                    break;

                case ReactionStep.Unschedules unschedules when turn.Progress.Timeouts.Any(timeout => timeout.Name == unschedules.Name):
                    turn.Progress = turn.Progress.Without(unschedules.Name);
                    turn.Instance.Note(SagaEvent.TimeoutCancelled, turn.Progress.State, unschedules.Name);
                    break;

                case ReactionStep.Enters enters when enters.When?.Invoke(turn.State, message) != false:
                    turn.Progress = turn.Progress with { State = enters.State };
                    turn.Instance.Note(SagaEvent.StateEntered, enters.State);
                    break;

                case ReactionStep.Completes completes when completes.When?.Invoke(turn.State, message) != false:
                    turn.Progress = turn.Progress with { IsCompleted = true, Timeouts = [] };
                    turn.Instance.Note(SagaEvent.Completed, turn.Progress.State);
                    break;
            }
        }

        if (turn.Progress is { State: null, IsCompleted: false })
        {
            throw new MessagingException($"{turn.NameOf(message)} has begun an instance of '{definition.Name}' and left it without a state: one of its .GoTo(..., when: ...) must apply.");
        }
    }

    private void Schedule(ProcessTurn turn, ReactionStep.Schedules schedules)
    {
        var body = turn.Services.States.WriteTimeout(schedules.Create(turn.State), definition.Name);
        var others = turn.Progress.Without(schedules.Name);
        turn.Progress = others with { Timeouts = [.. others.Timeouts, new ProcessTimeout(schedules.Name, turn.Instance.Now + schedules.Delay, body)] };
        turn.Instance.Note(SagaEvent.TimeoutScheduled, turn.Progress.State, schedules.Name);
    }

    private async Task FireTimeoutsAsync(ProcessTurn turn, DateTime due)
    {
        // Each of these once: one that is set anew meanwhile has its own turn.
        foreach (var next in turn.Progress.Timeouts.Where(timeout => timeout.Due <= due).OrderBy(timeout => timeout.Due).ToList())
        {
            if (turn.Progress.IsCompleted || !turn.Progress.Timeouts.Contains(next))
            {
                continue;
            }

            turn.Progress = turn.Progress.Without(next.Name);
            turn.Instance.Note(SagaEvent.TimedOut, turn.Progress.State, next.Name);
            if (definition.Timeouts.TryGetValue(next.Name, out var type) && definition.Find(turn.Progress.State, type) is { } reaction)
            {
                await ReactAsync(turn, reaction, turn.Services.States.ReadTimeout(next.Body, type, definition.Name), turn.Context);
            }
        }
    }

    private async Task WriteAsync(ProcessTurn turn)
    {
        if (turn.Instance.History.Count == 0)
        {
            return;
        }

        var progress = turn.Progress;
        var isStuck = turn.Instance.IsMarked && !progress.IsCompleted;
        var status = progress.IsCompleted ? SagaStatus.Completed : isStuck ? SagaStatus.Stuck : SagaStatus.Running;
        await instances.WriteAsync(
            turn.Bus.Store, turn.Scope, turn.Instance, progress, turn.Services.States.Write(turn.State, definition.Name),
            new InstanceSummary(turn.Correlation, status, progress.IsCompleted ? "" : progress.State ?? "", isStuck ? turn.Instance.Record!.Reason : null, isStuck ? SagaFailureKind.Broken : null, isStuck ? null : progress.DueAt),
            turn.CancellationToken);
        if (status == SagaStatus.Completed && !turn.Instance.IsFinished)
        {
            turn.Context.OnCommitted(() => turn.Services.Metrics.SagaEnded(definition.Name, status));
        }
    }

    /// <summary>A progress as a version has left it, as the current one has it.</summary>
    public static ProcessProgress BringUp(ProcessDefinition definition, ProcessProgress progress, int version) => definition.UpgradesFrom(version).Aggregate(progress, Upgrade);

    private static ProcessProgress Upgrade(ProcessProgress progress, SagaUpgrade upgrade)
        => progress with
        {
            State = progress.State is { } state ? upgrade.NameOf(state) ?? state : null,
            Timeouts = [.. progress.Timeouts.Select(timeout => (Timeout: timeout, Name: upgrade.NameOf(timeout.Name))).Where(next => next.Name is not null).Select(next => next.Timeout with { Name = next.Name! })],
        };

    /// <summary>What the handling of one message works with.</summary>
    private sealed class ProcessTurn(IServiceProvider scope, MessageBus bus, MessageContext context, CancellationToken cancellationToken)
    {
        public IServiceProvider Scope => scope;

        public MessageBus Bus => bus;

        public SagaServices Services { get; } = scope.GetRequiredService<SagaServices>();

        public MessageRegistry Registry => Services.Registry;

        /// <summary>The registered name; timeouts have none, and are known by their class to whoever reads a history.</summary>
        public string NameOf(object message) => Registry.Find(message.GetType())?.Name ?? message.GetType().Name;

        public MessageContext Context => context;

        public CancellationToken CancellationToken => cancellationToken;

        public Instance Instance { get; set; } = null!;

        public ProcessProgress Progress { get; set; } = null!;

        public object State { get; set; } = null!;

        public string Correlation { get; set; } = "";
    }
}
