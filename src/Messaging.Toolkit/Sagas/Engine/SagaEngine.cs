using Messaging.Toolkit.Sagas.Definitions;

namespace Messaging.Toolkit.Sagas.Engine;

/// <summary>
/// Decides what follows from something that has happened to an instance: a pure function of the plan, the progress, the input
/// and the time. It does nothing itself. After Garcia-Molina and Salem, "Sagas" (SIGMOD 1987): the effects of the steps before the
/// pivot are undone in the reverse order of their ends, those behind it are tried until they succeed.
/// </summary>
internal sealed class SagaEngine
{
    private const string PivotAfterAll = "it has succeeded after it had failed, and what was before it is undone";

    private readonly SagaPlan plan;
    private readonly DateTime now;
    private readonly List<SagaEffect> effects = [];
    private readonly List<SagaNote> history = [];
    private SagaProgress progress;

    private SagaEngine(SagaPlan plan, SagaProgress progress, DateTime now)
    {
        this.plan = plan;
        this.progress = progress;
        this.now = now;
    }

    /// <param name="plan">The definition.</param>
    /// <param name="progress">How far the instance has come. Every step in it is one of the plan.</param>
    /// <param name="input">What has happened.</param>
    /// <param name="now">The store's clock.</param>
    public static SagaDecision Decide(SagaPlan plan, SagaProgress progress, SagaInput input, DateTime now)
    {
        var engine = new SagaEngine(plan, progress, now);
        engine.Take(input);
        return new SagaDecision(engine.progress, engine.effects, engine.history);
    }

    /// <summary>Whether an attempt is the one that the instance waits for: only that one may still be made.</summary>
    public static bool Expects(SagaProgress progress, SagaEffect effect) => progress.Find(effect.Step) is { } run && (effect.Undoes
        ? run.State == StepState.Undoing && run.UndoAttempt == effect.Attempt
        : run.State == StepState.Running && run.Attempt == effect.Attempt);

    private void Take(SagaInput input)
    {
        switch (input)
        {
            case SagaInput.Started: Start(); break;
            case SagaInput.Succeeded end: Succeed(end.Step); break;
            case SagaInput.Failed end: Fail(end); break;
            case SagaInput.Undone end: EndUndo(end.Step); break;
            case SagaInput.UndoFailed end: FailUndo(end); break;
            case SagaInput.Due due: LookAtClock(due.Time); break;
            case SagaInput.Cancelled cancelled: Cancel(cancelled.Reason); break;
            case SagaInput.Resumed resumed: Resume(resumed.AlsoWhatRuns); break;
        }
    }

    private void Start()
    {
        progress = SagaProgress.None with { Deadline = now + plan.Timeout };
        Note(SagaEvent.Started);
        Enter(plan.Stages[0]);
    }

    /// <summary>Begins a stage, or the first one after it in which there is something to begin: another version may have moved steps that are done.</summary>
    private void Enter(SagaStage? stage)
    {
        for (; stage is not null; stage = plan.After(stage))
        {
            var steps = stage.Steps.Where(step => progress.Find(step.Name) is null).ToList();
            steps.ForEach(step => Begin(step, new StepRun(step.Name) { Attempt = 1 }));
            if (steps.Count > 0)
            {
                return;
            }
        }

        Finish(SagaStatus.Completed, SagaEvent.Completed);
    }

    /// <summary>Makes the run's attempt.</summary>
    private void Begin(StepPlan step, StepRun run)
    {
        Set(run with { State = StepState.Running, Due = now + step.Timeout, GivenUp = null });
        effects.Add(new SagaEffect(step.Name, run.Attempt, Undoes: false));
        Note(SagaEvent.StepStarted, step.Name);
    }

    private void Succeed(string name)
    {
        var run = progress.Find(name);
        switch (run?.State)
        {
            case StepState.Running or StepState.Waiting:
                Note(SagaEvent.StepSucceeded, name);
                KeepEffect(run);
                if (progress.Status == SagaStatus.Running)
                {
                    GoOn();
                }

                break;

            // What cannot be undone was given up, and is there after all. Nobody but a person can say what to do about that.
            case StepState.Failed when plan.Find(name).IsPivot:
                Note(SagaEvent.StepEndedLate, name);
                Note(SagaEvent.Stuck, name, PivotAfterAll, SagaFailureKind.Broken);
                Set(run with { GivenUp = $"{name}: {PivotAfterAll}", Failure = SagaFailureKind.Broken });
                break;

            // It was given up too early: its effect is there after all, and has to go.
            case StepState.TimedOut or StepState.Failed:
                Note(SagaEvent.StepEndedLate, name);
                KeepEffect(run);
                if (progress.Status != SagaStatus.Running && !IsUndoing())
                {
                    UndoNext();
                }

                break;
        }
    }

    private void KeepEffect(StepRun run)
    {
        var step = plan.Find(run.Step);
        Set(run with { State = StepState.Succeeded, Due = null, GivenUp = null });
        if (step.IsPivot)
        {
            // Nothing before it is ever undone from here on, and the whole has all the time it needs.
            progress = progress with { IsPastPivot = true, Deadline = null, Effects = [] };
        }
        else if (step.CanBeUndone && !progress.IsPastPivot)
        {
            progress = progress with { Effects = [.. progress.Effects, step.Name] };
        }
    }

    private void Fail(SagaInput.Failed end)
    {
        var run = progress.Find(end.Step);
        if (run is null || end.Attempt != run.Attempt)
        {
            return;
        }

        if (run.State == StepState.TimedOut)
        {
            Note(SagaEvent.StepEndedLate, end.Step, end.Reason, end.Kind);
            Set(run with { State = StepState.Failed });
        }
        else if (run.State == StepState.Running)
        {
            Note(SagaEvent.StepFailed, end.Step, end.Reason, end.Kind);
            if (progress.IsPastPivot)
            {
                TryAgainLater(run, StepState.Waiting, end.Reason, end.Kind);
                return;
            }

            Set(run with { State = StepState.Failed, Due = null, GivenUp = null });
            GiveReason($"{end.Step}: {end.Reason}", end.Kind);
            GoOn();
        }
    }

    /// <summary>Goes on with what comes after a stage whose steps have all ended.</summary>
    private void GoOn()
    {
        // The last one begun that the plan still has: in another version of it, steps may be gone, and others may be new in this stage.
        var stage = plan.StageOf(progress.Steps.Last(run => plan.Has(run.Step)).Step);
        if (stage.Steps.Any(step => progress.Find(step.Name) is { IsOpen: true }))
        {
            return;
        }

        if (progress.Reason is not null)
        {
            Compensate();
        }
        else
        {
            Enter(plan.After(stage));
        }
    }

    private void Compensate()
    {
        progress = progress with { Status = SagaStatus.Compensating, Deadline = null };
        UndoNext();
    }

    private bool IsUndoing() => progress.Steps.Any(run => run.State is StepState.Undoing or StepState.WaitingToUndo);

    private void UndoNext()
    {
        if (progress.Effects.Count > 0)
        {
            var last = progress.Effects[^1];
            progress = progress with { Effects = [.. progress.Effects.SkipLast(1)] };
            Undo(progress.Find(last)! with { UndoAttempt = 1, Tries = 0 });
        }
        else if (progress.Status == SagaStatus.Compensating)
        {
            Finish(SagaStatus.Compensated, SagaEvent.Compensated);
        }
    }

    private void Undo(StepRun run)
    {
        Set(run with { State = StepState.Undoing, Due = now + plan.Find(run.Step).Timeout, GivenUp = null });
        effects.Add(new SagaEffect(run.Step, run.UndoAttempt, Undoes: true));
        Note(SagaEvent.CompensationStarted, run.Step);
    }

    private void EndUndo(string name)
    {
        if (progress.Find(name) is { State: StepState.Undoing or StepState.WaitingToUndo } run)
        {
            Note(SagaEvent.CompensationSucceeded, name);
            Set(run with { State = StepState.Undone, Due = null, GivenUp = null });
            UndoNext();
        }
    }

    private void FailUndo(SagaInput.UndoFailed end)
    {
        if (progress.Find(end.Step) is { State: StepState.Undoing } run && run.UndoAttempt == end.Attempt)
        {
            Note(SagaEvent.CompensationFailed, end.Step, end.Reason, end.Kind);
            TryAgainLater(run, StepState.WaitingToUndo, end.Reason, end.Kind);
        }
    }

    private void TryAgainLater(StepRun run, StepState waiting, string reason, SagaFailureKind kind)
    {
        var tries = run.Tries + 1;
        var givenUp = tries < plan.Retry.Attempts ? null : $"{run.Step}: {reason}";
        Set(run with { State = waiting, Tries = tries, Due = givenUp is null ? now + plan.Retry.PauseAfter(tries) : null, GivenUp = givenUp, Failure = givenUp is null ? null : kind });
        if (givenUp is not null)
        {
            Note(SagaEvent.Stuck, run.Step, reason, kind);
        }
    }

    private void LookAtClock(DateTime time)
    {
        if (progress.Deadline <= time)
        {
            progress = progress with { Deadline = null };
            Note(SagaEvent.TimedOut, failure: SagaFailureKind.TimedOut);
            GiveUpWhole($"it was not finished within {plan.Timeout}", SagaFailureKind.TimedOut);
        }

        foreach (var name in progress.Steps.Where(run => run.Due <= time).Select(run => run.Step).ToList())
        {
            if (progress.Find(name) is { } run && run.Due <= time)
            {
                EndPause(run);
            }
        }
    }

    private void Cancel(string reason)
    {
        if (progress.Status != SagaStatus.Running || progress.IsPastPivot || IsAtPivot)
        {
            Note(SagaEvent.CancelRefused, detail: reason);
            return;
        }

        Note(SagaEvent.Cancelled, detail: reason, failure: SagaFailureKind.Cancelled);
        GiveUpWhole(reason, SagaFailureKind.Cancelled);
    }

    /// <summary>It may have happened by now: what comes of it decides.</summary>
    private bool IsAtPivot => progress.Steps.Any(run => run.State == StepState.Running && plan.Find(run.Step).IsPivot);

    private void GiveUpWhole(string reason, SagaFailureKind kind)
    {
        var running = progress.Steps.Where(run => run.State == StepState.Running).ToList();
        if (running.Exists(run => plan.Find(run.Step).IsPivot))
        {
            return;
        }

        running.ForEach(LoseSight);
        GiveReason(reason, kind);
        Compensate();
    }

    private void EndPause(StepRun run)
    {
        switch (run.State)
        {
            case StepState.Running when !progress.IsPastPivot && !plan.Find(run.Step).IsPivot:
                LoseSight(run);
                GiveReason($"{run.Step}: it did not end within {plan.Find(run.Step).Timeout}", SagaFailureKind.TimedOut);
                GoOn();
                break;

            case StepState.Running or StepState.Undoing:
                AskAgain(run);
                break;

            case StepState.Waiting:
                Note(SagaEvent.StepRetried, run.Step);
                Begin(plan.Find(run.Step), run with { Attempt = run.Attempt + 1 });
                break;

            case StepState.WaitingToUndo:
                Note(SagaEvent.StepRetried, run.Step);
                Undo(run with { UndoAttempt = run.UndoAttempt + 1 });
                break;
        }
    }

    private void LoseSight(StepRun run)
    {
        Note(SagaEvent.StepTimedOut, run.Step);
        Set(run with { State = StepState.TimedOut, Due = null });
    }

    /// <summary>
    /// The same attempt again, for what must come to an end and does not answer. It is the same message: who has handled it takes
    /// it for a duplicate, and who never got it does now.
    /// </summary>
    private void AskAgain(StepRun run)
    {
        Note(SagaEvent.StepTimedOut, run.Step);
        var tries = run.Tries + 1;
        if (tries >= plan.Retry.Attempts)
        {
            Set(run with { Tries = tries, Due = null, GivenUp = $"{run.Step}: it does not answer", Failure = SagaFailureKind.TimedOut });
            Note(SagaEvent.Stuck, run.Step, "it does not answer", SagaFailureKind.TimedOut);
            return;
        }

        Repeat(run with { Tries = tries });
    }

    private void Repeat(StepRun run)
    {
        Note(SagaEvent.StepRetried, run.Step);
        Set(run with { Due = now + plan.Find(run.Step).Timeout, GivenUp = null });
        var undoes = run.State == StepState.Undoing;
        effects.Add(new SagaEffect(run.Step, undoes ? run.UndoAttempt : run.Attempt, undoes));
    }

    private void Resume(bool alsoWhatRuns)
    {
        Note(SagaEvent.Resumed);
        foreach (var run in progress.Steps.Where(run => run.GivenUp is not null).Select(run => run with { Tries = 0 }).ToList())
        {
            switch (run.State)
            {
                case StepState.Waiting: Begin(plan.Find(run.Step), run with { Attempt = run.Attempt + 1 }); break;
                case StepState.WaitingToUndo: Undo(run with { UndoAttempt = run.UndoAttempt + 1 }); break;
                case StepState.Running or StepState.Undoing: Repeat(run); break;
                default: Set(run with { GivenUp = null }); break;
            }
        }

        foreach (var run in progress.Steps.Where(run => alsoWhatRuns && run.State is (StepState.Running or StepState.Undoing) && !effects.Exists(effect => effect.Step == run.Step)).ToList())
        {
            Repeat(run);
        }
    }

    private void Finish(SagaStatus status, SagaEvent told)
    {
        progress = progress with { Status = status, Deadline = null };
        Note(told);
    }

    /// <summary>The first thing that went wrong is what the whole failed for.</summary>
    private void GiveReason(string reason, SagaFailureKind kind)
    {
        if (progress.Reason is null)
        {
            progress = progress with { Reason = reason, Failure = kind };
        }
    }

    private void Set(StepRun run)
        => progress = progress with
        {
            Steps = progress.Find(run.Step) is null ? [.. progress.Steps, run] : [.. progress.Steps.Select(known => known.Step == run.Step ? run : known)],
        };

    private void Note(SagaEvent told, string? step = null, string? detail = null, SagaFailureKind? failure = null) => history.Add(new SagaNote(told, step, detail, failure));
}
