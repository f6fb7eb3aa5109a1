using FsCheck;
using FsCheck.Fluent;
using Messaging.Toolkit.Endpoints.Limits;
using Messaging.Toolkit.Tests.Runtime;

namespace Messaging.Toolkit.Tests.Endpoints.Limits;

public sealed class CircuitBreakerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly CircuitBreakerPolicy Policy = new(FailureRatio: 0.5, Window: 10 * Second, MinimumThroughput: 4, BreakDuration: 5 * Second, Probes: 2, _ => true);

    private readonly ManualTimeProvider time = new();
    private readonly List<CircuitState> changes = [];
    private readonly CircuitBreaker breaker;

    public CircuitBreakerTests() => breaker = new CircuitBreaker(Policy, time, changes.Add);

    [Fact]
    public void Before_there_was_enough_to_judge_by_it_stays_closed()
    {
        Run(false, false, false);
        changes.Should().BeEmpty();

        Run(false);
        changes.Should().Equal(CircuitState.Open);
        breaker.Counts.Should().Be((0, 4));
    }

    [Fact]
    public void It_opens_when_the_ratio_is_reached()
    {
        Run(true, true, true, false, false);
        changes.Should().BeEmpty();

        Run(false);
        changes.Should().Equal(CircuitState.Open);
    }

    [Fact]
    public void What_was_long_ago_is_forgotten()
    {
        Run(false, false, false);
        time.Advance(10 * Second);
        Run(false);

        changes.Should().BeEmpty();
    }

    [Fact]
    public void While_it_is_open_nothing_gets_through_and_then_one_after_another()
    {
        Run(false, false, false, false);

        breaker.TryEnter().Should().BeNull();
        breaker.Wait.Should().Be(5 * Second);
        time.Advance((5 * Second) - TimeSpan.FromTicks(1));
        breaker.TryEnter().Should().BeNull();
        time.Advance(TimeSpan.FromTicks(1));

        var first = breaker.TryEnter();
        first.Should().NotBeNull();
        breaker.TryEnter().Should().BeNull("one is on its way");
        breaker.Wait.Should().BeNull("it is for that one to decide");
        breaker.Leave(first!.Value, success: true);
        Run(true);

        changes.Should().Equal(CircuitState.Open, CircuitState.HalfOpen, CircuitState.Closed);
        breaker.Counts.Should().Be((0, 0), "the failures of before do not count again");
    }

    [Fact]
    public void If_it_still_fails_it_is_open_as_long_again()
    {
        Run(false, false, false, false);
        time.Advance(5 * Second);
        Run(true, false);

        changes.Should().Equal(CircuitState.Open, CircuitState.HalfOpen, CircuitState.Open);
        breaker.Wait.Should().Be(5 * Second);
    }

    [Fact]
    public void A_try_that_tells_nothing_makes_room_for_the_next()
    {
        Run(false, false, false, false);
        time.Advance(5 * Second);
        Run(null, null, true, null, true);

        breaker.State.Should().Be(CircuitState.Closed);
    }

    [Fact]
    public void What_began_before_it_opened_says_nothing_of_now()
    {
        var slow = Enumerable.Range(0, 3).Select(_ => breaker.TryEnter()!.Value).ToList();
        Run(false, false, false, false);
        time.Advance(5 * Second);
        var probe = breaker.TryEnter()!.Value;

        breaker.Leave(slow[0], success: true);
        breaker.Leave(slow[1], success: false);
        breaker.Leave(slow[2], success: null);

        breaker.State.Should().Be(CircuitState.HalfOpen);
        breaker.TryEnter().Should().BeNull("the one that tries is still on its way");
        breaker.Leave(probe, success: true);
        breaker.TryEnter().Should().NotBeNull();
    }

    /// <summary>Whatever comes in whatever order: compared with a model that remembers every outcome.</summary>
    [Fact]
    public void Whatever_happens_it_lets_through_what_it_should_and_never_shuts_for_good()
        => Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(Arb.From(Histories()), Follows));

    private static bool Follows((CircuitBreakerPolicy Policy, int[] Steps) history)
    {
        var time = new ManualTimeProvider();
        var (policy, steps) = history;
        var breaker = new CircuitBreaker(policy, time, _ => { });
        var model = new Model(policy, time);
        var inside = new List<(int Ticket, int Era)>();
        foreach (var step in steps)
        {
            switch (step % 8)
            {
                case 0 or 1 or 2:
                    var ticket = breaker.TryEnter();
                    (ticket is not null).Should().Be(model.TryEnter());
                    if (ticket is { } let)
                    {
                        inside.Add((let, model.Era));
                    }

                    break;
                case 3 or 4 or 5 or 6 when inside.Count > 0:
                    var (taken, era) = inside[step / 8 % inside.Count];
                    inside.Remove((taken, era));
                    bool? success = (step % 8) switch { 3 => true, 4 => null, _ => false };
                    breaker.Leave(taken, success);
                    model.Leave(era, success);
                    break;
                default:
                    time.Advance(TimeSpan.FromMilliseconds(step));
                    break;
            }

            breaker.State.Should().Be(model.State);
        }

        // When everything works, it is closed after the time that it is open and the tries that it needs.
        inside.ForEach(entry => breaker.Leave(entry.Ticket, success: true));
        time.Advance(policy.BreakDuration);
        for (var i = 0; i <= policy.Probes && breaker.State != CircuitState.Closed; i++)
        {
            breaker.Leave(breaker.TryEnter()!.Value, success: true);
        }

        return breaker.State == CircuitState.Closed;
    }

    private static Gen<(CircuitBreakerPolicy, int[])> Histories()
        => from ratio in Gen.Elements(0.01, 0.3, 0.5, 1)
           from window in Gen.Choose(1, 20)
           from throughput in Gen.Choose(2, 10)
           from pause in Gen.Elements(0.1, 1, 30)
           from probes in Gen.Choose(1, 4)
           from steps in Gen.ArrayOf(Gen.Choose(0, 4000), 200)
           select (new CircuitBreakerPolicy(ratio, window * Second, throughput, pause * Second, probes, _ => true), steps);

    private void Run(params bool?[] outcomes)
    {
        foreach (var outcome in outcomes)
        {
            breaker.Leave(breaker.TryEnter()!.Value, outcome);
        }
    }

    /// <summary>The same, as one would say it.</summary>
    private sealed class Model(CircuitBreakerPolicy policy, ManualTimeProvider time)
    {
        private readonly List<(long Slice, bool Success)> outcomes = [];
        private DateTimeOffset openUntil;
        private int probesInside;
        private int successes;

        public CircuitState State { get; private set; }

        public int Era { get; private set; }

        private long Slice => (time.GetUtcNow() - ManualTimeProvider.Start).Ticks / (policy.Window.Ticks / 10);

        public bool TryEnter()
        {
            if (State == CircuitState.Open && time.GetUtcNow() >= openUntil)
            {
                (State, successes, probesInside) = (CircuitState.HalfOpen, 0, 0);
                Era++;
            }

            var lets = State == CircuitState.Closed || (State == CircuitState.HalfOpen && probesInside == 0);
            probesInside += lets ? 1 : 0;
            return lets;
        }

        public void Leave(int era, bool? success)
        {
            if (era != Era)
            {
                return;
            }

            probesInside--;
            successes += success == true ? 1 : 0;
            if (State == CircuitState.Closed && success is { } outcome)
            {
                outcomes.Add((Slice, outcome));
                var recent = outcomes.Where(entry => entry.Slice > Slice - 10).ToList();
                if (!outcome && recent.Count >= policy.MinimumThroughput && recent.Count(entry => !entry.Success) >= policy.FailureRatio * recent.Count)
                {
                    Open();
                }
            }
            else if (State == CircuitState.HalfOpen && success == false)
            {
                Open();
            }
            else if (State == CircuitState.HalfOpen && successes == policy.Probes)
            {
                State = CircuitState.Closed;
                Era++;
                outcomes.Clear();
            }
        }

        private void Open()
        {
            State = CircuitState.Open;
            Era++;
            openUntil = time.GetUtcNow() + policy.BreakDuration;
        }
    }
}
