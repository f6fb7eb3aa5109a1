using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
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

    private readonly InstanceRepository<ProcessProgress> instances = new(
        definition, endpoint, SagaJson.Default.ProcessProgress, Upgrade, static progress => progress is { State: { } state, IsCompleted: false } ? [state, .. progress.Timeouts.Select(timeout => timeout.Name)] : []);

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
            await HandleEventAsync(turn, message);
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

        if (signal is { Kind: SagaSignalKind.Due, DueUntil: { } due })
        {
            await FireTimeoutsAsync(turn, due);
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
        await ReactAsync(turn, beginning, message);
        var parked = turn.Progress.Parked;
        turn.Progress = turn.Progress with { Parked = [] };
        foreach (var waiting in parked)
        {
            if (!turn.Progress.IsCompleted)
            {
                await HandleEventAsync(turn, ReadParked(turn, waiting));
            }
        }
    }

    private object ReadParked(ProcessTurn turn, ParkedEvent parked)
    {
        var type = turn.Registry.Find(parked.Type) ?? throw new MessagingException($"A parked event of '{definition.Name}' is of type '{parked.Type}', which is not registered any more: register it, or mend the row.");
        return type.Serializer.Deserialize(parked.Body, type.ClrType);
    }

    private async Task HandleEventAsync(ProcessTurn turn, object message)
    {
        var state = turn.Progress.State!;
        if (definition.Find(state, message.GetType()) is { } reaction)
        {
            turn.Instance.Note(SagaEvent.EventHandled, state, turn.NameOf(message));
            await ReactAsync(turn, reaction, message);
        }
        else if (definition.Ignores(state, message.GetType()))
        {
            turn.Instance.Note(SagaEvent.EventSetAside, state, turn.NameOf(message));
        }
        else if (definition.Initial.Find(message.GetType()) is null)
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

            case MissingInstance.Park when turn.Progress.Parked.Count < MostParked:
                turn.Instance.Note(SagaEvent.EventSetAside, detail: turn.NameOf(message));
                turn.Progress = turn.Progress with
                {
                    Parked = [.. turn.Progress.Parked, new ParkedEvent(turn.NameOf(message), turn.Context.MessageId, turn.Context.Envelope.Body.ToArray())],
                };
                return;

            case MissingInstance.Park:
                throw new UnhandleableException($"{MostParked} events wait already for this instance of '{definition.Name}' to begin");

            default:
                throw new UnhandleableException($"there is no instance of '{definition.Name}' for it, and it cannot begin one: see .Missing(...)");
        }
    }

    private async Task ReactAsync(ProcessTurn turn, Reaction reaction, object message)
    {
        foreach (var step in reaction.Steps)
        {
            switch (step)
            {
                case ReactionStep.Acts acts:
                    await acts.Run(turn.Scope, turn.State, message, turn.Context, turn.CancellationToken);
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
                await ReactAsync(turn, reaction, turn.Services.States.ReadTimeout(next.Body, type, definition.Name));
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
            new InstanceSummary(turn.Correlation, status, progress.IsCompleted ? "" : progress.State ?? "", isStuck ? turn.Instance.Record!.Reason : null, progress.DueAt),
            turn.CancellationToken);
    }

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
