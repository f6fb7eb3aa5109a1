using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Definitions;
using Messaging.Toolkit.Sagas.Engine;
using Xunit;

namespace Messaging.Toolkit.Tests.Sagas;

/// <summary>
/// The engine as a pure function, against a model of what services do: any saga, any outcome of every attempt, in any order, early,
/// late and twice. Whatever happens, what has an effect in the end is all or nothing.
/// </summary>
public sealed class EngineTests
{
    private static readonly DateTime Begin = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void Whatever_happens_a_saga_ends_with_everything_done_or_everything_undone_in_the_reverse_order()
        => Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(Arb.From(Worlds()), world => new SagaModel(world).Run()));

    [Fact]
    public void An_instance_in_a_group_goes_on_when_a_new_version_has_another_branch_in_it()
    {
        var progress = Decide(PlanOf(["a", "b"], ["c"]), SagaProgress.None, new SagaInput.Started()).Progress;
        var grown = PlanOf(["a", "b", "new"], ["c"]);

        progress = Decide(grown, progress, new SagaInput.Succeeded("a", 1)).Progress;
        var decision = Decide(grown, progress, new SagaInput.Succeeded("b", 1));

        decision.Effects.Should().Equal(new SagaEffect("c", 1, Undoes: false));
    }

    [Fact]
    public void A_step_that_a_new_version_has_moved_behind_another_is_not_done_again()
    {
        var progress = Decide(PlanOf(["a"], ["b"], ["c"]), SagaProgress.None, new SagaInput.Started()).Progress;
        progress = Decide(PlanOf(["a"], ["b"], ["c"]), progress, new SagaInput.Succeeded("a", 1)).Progress;

        var decision = Decide(PlanOf(["b"], ["a"], ["c"]), progress, new SagaInput.Succeeded("b", 1));

        decision.Effects.Should().Equal(new SagaEffect("c", 1, Undoes: false));
    }

    [Fact]
    public void A_pivot_that_succeeds_after_it_has_failed_is_for_an_operator_to_see()
    {
        var plan = new SagaPlan([new SagaStage(null, [new StepPlan("a", CanBeUndone: true)]), new SagaStage(null, [new StepPlan("pay", IsPivot: true)])], null, RetryPlan.Default);
        var progress = new SagaInput[] { new SagaInput.Started(), new SagaInput.Succeeded("a", 1), new SagaInput.Failed("pay", 1, "no"), new SagaInput.Succeeded("pay", 1), new SagaInput.Undone("a", 1) }
            .Aggregate(SagaProgress.None, (progress, input) => Decide(plan, progress, input).Progress);

        progress.Should().BeEquivalentTo(new { Status = SagaStatus.Compensated, IsPastPivot = false, Trouble = "pay: it has succeeded after it had failed, and what was before it is undone" });
        Decide(plan, progress, new SagaInput.Resumed()).Progress.Trouble.Should().BeNull();
    }

    [Fact]
    public void A_saga_that_comes_to_its_pivot_before_it_hears_that_it_is_cancelled_goes_on_and_tells_so()
    {
        var plan = new SagaPlan([new SagaStage(null, [new StepPlan("a", CanBeUndone: true)]), new SagaStage(null, [new StepPlan("pay", IsPivot: true)])], null, RetryPlan.Default);
        var progress = new SagaInput[] { new SagaInput.Started(), new SagaInput.Succeeded("a", 1) }.Aggregate(SagaProgress.None, (progress, input) => Decide(plan, progress, input).Progress);

        var decision = Decide(plan, progress, new SagaInput.Cancelled("why"));

        decision.Should().BeEquivalentTo(new { Progress = progress, Effects = Array.Empty<SagaEffect>(), History = new[] { new SagaNote(SagaEvent.CancelRefused, Detail: "why") } });
    }

    private static SagaDecision Decide(SagaPlan plan, SagaProgress progress, SagaInput input) => SagaEngine.Decide(plan, progress, input, Begin);

    private static SagaPlan PlanOf(params string[][] stages)
        => new([.. stages.Select(names => new SagaStage(null, [.. names.Select(name => new StepPlan(name))]))], null, RetryPlan.Default);

    /// <summary>A definition, and the number that everything that happens to it is drawn from.</summary>
    private static Gen<World> Worlds()
        => from before in Gen.ListOf(Stage(), 3)
           from hasPivot in Gen.Elements(true, false)
           from behind in Gen.ListOf(Stage(), 2)
           from whole in Gen.Elements(0, 0, 20, 60)
           from seed in Gen.Choose(0, int.MaxValue - 1)
           select new World([.. before], hasPivot, hasPivot ? [.. behind] : [], whole, seed);

    private static Gen<int[]> Stage() => from size in Gen.Elements(1, 1, 2, 3) from kinds in Gen.ArrayOf(Gen.Choose(0, 5), size) select kinds;

    /// <param name="Before">The stages before the pivot: for each step a number that says whether it has a timeout, and a compensation.</param>
    /// <param name="HasPivot">Whether there is one.</param>
    /// <param name="Behind">The stages behind it.</param>
    /// <param name="Whole">The timeout of the whole in seconds; none if it is 0.</param>
    /// <param name="Seed">Decides what happens.</param>
    private sealed record World(int[][] Before, bool HasPivot, int[][] Behind, int Whole, int Seed)
    {
        public SagaPlan ToPlan()
        {
            var stages = Before.Select((kinds, stage) => ToStage($"b{stage}", kinds, isForward: false)).ToList();
            if (HasPivot)
            {
                stages.Add(new SagaStage(null, [new StepPlan("pivot", TimeSpan.FromSeconds(10), IsPivot: true)]));
                stages.AddRange(Behind.Select((kinds, stage) => ToStage($"f{stage}", kinds, isForward: true)));
            }

            if (stages.Count == 0)
            {
                stages.Add(ToStage("b", [0], isForward: false));
            }

            return new SagaPlan(stages, Whole == 0 ? null : TimeSpan.FromSeconds(Whole), new RetryPlan(4, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)));
        }

        private static SagaStage ToStage(string name, int[] kinds, bool isForward)
            => new(name, [.. kinds.Select((kind, i) => new StepPlan($"{name}.{i}", kind % 2 == 0 ? TimeSpan.FromSeconds(5 + kind) : null, CanBeUndone: !isForward && kind < 4))]);
    }

    /// <summary>
    /// What goes on outside of the engine: each request is answered once by success or failure, now or later; some messages come twice,
    /// the clock moves, and an operator resumes what is stuck.
    /// </summary>
    private sealed class SagaModel
    {
        private readonly SagaPlan plan;
        private readonly Random random;
        private readonly Dictionary<SagaEffect, SagaInput> answered = [];
        private readonly List<(DateTime At, SagaInput Input)> coming = [];
        private readonly List<string> effects = [];
        private readonly List<string> undone = [];
        private readonly Stack<string> told = new();
        private readonly HashSet<string> known = [];
        private SagaProgress progress = SagaProgress.None;
        private DateTime now = Begin;
        private SagaStatus? finished;
        private bool isCancelled;

        public SagaModel(World world)
        {
            plan = world.ToPlan();
            random = new Random(world.Seed);
        }

        public void Run()
        {
            Take(new SagaInput.Started());
            for (var steps = 0; steps < 2000 && (coming.Count > 0 || !progress.IsFinished || progress.DueAt is not null || progress.Trouble is not null); steps++)
            {
                Next();
            }

            progress.IsFinished.Should().BeTrue($"it must come to an end: {progress}");
            progress.Trouble.Should().BeNull();
            CheckEnd();
        }

        private void Next()
        {
            if (!isCancelled && random.Next(40) == 0)
            {
                Cancel();
                return;
            }

            var next = coming.OrderBy(entry => entry.At).FirstOrDefault();
            if (progress.DueAt is { } due && (next.Input is null || due <= next.At))
            {
                now = due > now ? due : now;
                Take(new SagaInput.Due(now));
            }
            else if (next.Input is not null)
            {
                coming.Remove(next);
                now = next.At > now ? next.At : now;
                Take(next.Input);
            }
            else if (progress.Trouble is not null)
            {
                Take(new SagaInput.Resumed());
            }
            else
            {
                throw new InvalidOperationException($"Nothing is to come and nothing is wrong, and it has not finished: {progress}");
            }
        }

        /// <summary>Only what is before its pivot, and not under way to it, is undone because somebody wants it to be.</summary>
        private void Cancel()
        {
            isCancelled = true;
            var before = progress;
            var isOpen = before is { Status: SagaStatus.Running, IsPastPivot: false } && before.Find("pivot") is not { State: StepState.Running };
            Take(new SagaInput.Cancelled("why"));
            if (isOpen)
            {
                progress.Should().BeEquivalentTo(new { Reason = before.Reason ?? "why", Failure = before.Failure ?? SagaFailureKind.Cancelled });
                progress.Status.Should().NotBe(SagaStatus.Running);
            }
            else
            {
                progress.Should().BeEquivalentTo(before, "it is too late");
            }
        }

        private void Take(SagaInput input)
        {
            var before = progress;
            var decision = SagaEngine.Decide(plan, progress, input, now);
            SagaEngine.Decide(plan, before, input, now).Should().BeEquivalentTo(decision, "the same comes to the same");
            progress = decision.Progress;
            if (input is SagaInput.Succeeded { Step: var step } && plan.Find(step).CanBeUndone && known.Add(step))
            {
                told.Push(step);
            }

            foreach (var effect in decision.Effects)
            {
                SagaEngine.Expects(progress, effect).Should().BeTrue($"{effect} is what it waits for");
                Do(effect);
            }

            if (finished is { } status)
            {
                progress.Status.Should().Be(status, "what has finished is not revived");
            }

            finished = progress.IsFinished ? progress.Status : null;
        }

        /// <summary>The same attempt is the same message: who has answered it answers no more, or the same.</summary>
        private void Do(SagaEffect effect)
        {
            if (effect is { Undoes: true, Attempt: 1 } && !answered.ContainsKey(effect))
            {
                told.Pop().Should().Be(effect.Step, "of the effects that are known and left, the last one goes first");
            }

            if (answered.TryGetValue(effect, out var answer))
            {
                if (random.Next(2) == 0)
                {
                    Later(answer);
                }

                return;
            }

            // What must succeed in the end does so after some failures.
            var mustSucceed = effect.Attempt > 3;
            var succeeds = mustSucceed || random.Next(4) > 0;
            if (succeeds && effect.Undoes)
            {
                effects.Should().Contain(effect.Step);
                undone.Should().NotContain(effect.Step, "it is undone once");
                undone.Add(effect.Step);
            }
            else if (succeeds)
            {
                effects.Should().NotContain(effect.Step, "its effect is there once");
                effects.Add(effect.Step);
            }

            answer = (effect.Undoes, succeeds) switch
            {
                (false, true) => new SagaInput.Succeeded(effect.Step, effect.Attempt),
                (false, false) => new SagaInput.Failed(effect.Step, effect.Attempt, "no"),
                (true, true) => new SagaInput.Undone(effect.Step, effect.Attempt),
                (true, false) => new SagaInput.UndoFailed(effect.Step, effect.Attempt, "no"),
            };
            answered.Add(effect, answer);
            Later(answer);
            if (random.Next(5) == 0)
            {
                Later(answer);
            }
        }

        private void Later(SagaInput input) => coming.Add((now + TimeSpan.FromSeconds(random.Next(4) == 0 ? random.Next(60) : random.Next(4)), input));

        private void CheckEnd()
        {
            var compensable = effects.Where(step => plan.Find(step).CanBeUndone).ToList();
            if (progress.Status == SagaStatus.Completed)
            {
                effects.Should().BeEquivalentTo(plan.Stages.SelectMany(stage => stage.Steps).Select(step => step.Name));
                undone.Should().BeEmpty();
                progress.Reason.Should().BeNull();
            }
            else
            {
                undone.Should().BeEquivalentTo(compensable);
                effects.Should().NotContain("pivot");
                progress.Reason.Should().NotBeNull();
            }
        }
    }
}
