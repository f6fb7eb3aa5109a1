using FluentAssertions;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Messaging.Toolkit.Testing.Tests.Sagas;

/// <summary>G10: a saga is finished step by step, or undone step by step in the reverse order, whatever its steps do.</summary>
public sealed class TripTests
{
    private static readonly string[] Forwards = ["flight", "garden", "hotel", "pay", "ticket", "insure"];

    /// <summary>Long enough for every timeout and every pause of the saga.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    [Fact]
    public void When_all_steps_succeed_Should_do_each_once_and_complete()
    {
        using var harness = Trips.Start(new Script());

        var saga = Begin(harness);

        saga.Should().BeEquivalentTo(new { Status = SagaStatus.Completed, Reason = (string?)null, Position = "", DueAt = (DateTime?)null });
        Deeds(harness).Should().BeEquivalentTo(Forwards);
        harness.Published<TripPlanned>().Should().ContainSingle();
        harness.DeadLetters.Should().BeEmpty();
        saga.State.Should().Contain("flight").And.Contain("hotel").And.Contain("garden");
    }

    [Theory]
    [InlineData("flight", Act.Refuse, "")]
    [InlineData("flight", Act.Throw, "")]
    [InlineData("hotel", Act.Refuse, "flight garden undo-garden undo-flight")]
    [InlineData("hotel", Act.Throw, "flight garden undo-garden undo-flight")]
    [InlineData("garden", Act.Refuse, "flight hotel undo-hotel undo-flight")]
    [InlineData("garden", Act.Throw, "flight hotel undo-hotel undo-flight")]
    [InlineData("garden", Act.Hang, "flight hotel undo-hotel undo-flight")]
    [InlineData("garden", Act.Spoil, "flight hotel undo-hotel undo-flight")]
    [InlineData("pay", Act.Refuse, "flight garden hotel undo-hotel undo-garden undo-flight")]
    [InlineData("pay", Act.Throw, "flight garden hotel undo-hotel undo-garden undo-flight")]
    public void When_a_step_up_to_the_pivot_fails_Should_undo_what_was_done_in_the_reverse_order(string step, Act act, string expected)
    {
        using var harness = Trips.Start(new Script().Always(step, act));

        var saga = Begin(harness);

        saga.Status.Should().Be(SagaStatus.Compensated, harness.Log);
        saga.Reason.Should().StartWith(step);
        var kind = act switch { Act.Refuse => SagaFailureKind.Refused, Act.Hang => SagaFailureKind.TimedOut, _ => SagaFailureKind.Broken };
        saga.Failure.Should().Be(kind);
        harness.Run<ISagas, IReadOnlyList<SagaHistoryEntry>>(sagas => sagas.GetHistoryAsync(saga.Id)).Where(entry => entry.Failure is not null)
            .Should().ContainSingle().Which.Should().BeEquivalentTo(new { Event = SagaEvent.StepFailed, Step = step, Failure = kind });
        Deeds(harness).Select(deed => deed.Replace(' ', '-')).Should().Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        harness.Published<TripPlanned>().Should().BeEmpty();
    }

    [Theory]
    [InlineData("flight", Act.ReplyLater)]
    [InlineData("hotel", Act.ReplyLater)]
    public void When_a_step_times_out_Should_undo_the_others_and_the_step_too_when_it_succeeds_after_all(string step, Act act)
    {
        using var harness = Trips.Start(new Script().On(step, act));

        var id = Begin(harness).Id;
        harness.Advance(Long);
        var timedOut = Find(harness, id);
        var before = Deeds(harness);
        ReplyNow(harness, step);

        timedOut.Should().BeEquivalentTo(new { Status = SagaStatus.Compensated, Failure = SagaFailureKind.TimedOut }, harness.Log);
        before.Should().NotContain("undo " + step);
        Deeds(harness)[^1].Should().Be("undo " + step);
        ShouldBeUndone(Deeds(harness));
        Find(harness, id).Status.Should().Be(SagaStatus.Compensated);
        History(harness, id).Should().Contain([SagaEvent.StepTimedOut, SagaEvent.StepEndedLate]);
    }

    [Theory]
    [InlineData("pay")]
    [InlineData("ticket")]
    public void When_the_pivot_or_a_step_behind_it_answers_late_Should_wait_and_go_on(string step)
    {
        using var harness = Trips.Start(new Script().On(step, Act.ReplyLater));

        var id = Begin(harness).Id;
        harness.Advance(TripSaga.StepTimeout + TimeSpan.FromSeconds(10));
        var waiting = Find(harness, id);
        ReplyNow(harness, step);

        waiting.Should().BeEquivalentTo(new { Status = SagaStatus.Running, Position = step });
        Find(harness, id).Status.Should().Be(SagaStatus.Completed, harness.Log);
        Deeds(harness).Should().BeEquivalentTo(Forwards);
    }

    [Theory]
    [InlineData("pay")]
    [InlineData("ticket")]
    public void When_the_pivot_or_a_step_behind_it_never_answers_Should_stand_stuck_and_go_on_when_it_does(string step)
    {
        using var harness = Trips.Start(new Script().On(step, Act.ReplyLater));

        var id = Begin(harness).Id;
        harness.Advance(Long);
        var stuck = Find(harness, id);
        ReplyNow(harness, step);

        stuck.Should().BeEquivalentTo(new { Status = SagaStatus.Stuck, Position = step, Reason = $"{step}: it does not answer", Failure = SagaFailureKind.TimedOut });
        Find(harness, id).Status.Should().Be(SagaStatus.Completed, harness.Log);
        Deeds(harness).Should().BeEquivalentTo(Forwards);
    }

    [Theory]
    [InlineData("ticket", Act.Refuse)]
    [InlineData("ticket", Act.Throw)]
    [InlineData("insure", Act.Refuse)]
    [InlineData("insure", Act.Throw)]
    public void When_a_step_behind_the_pivot_fails_Should_be_tried_until_it_succeeds(string step, Act act)
    {
        using var harness = Trips.Start(new Script().On(step, act, act, act, act));

        var id = Begin(harness).Id;
        harness.Advance(Long);

        // Four refusals are four attempts, of three allowed; four exceptions are the four tries of the first attempt.
        if (act == Act.Refuse)
        {
            Find(harness, id).Should().BeEquivalentTo(new { Status = SagaStatus.Stuck, Position = step });
            Resume(harness, id);
            harness.Advance(Long);
        }

        Find(harness, id).Status.Should().Be(SagaStatus.Completed, harness.Log);
        Deeds(harness).Should().BeEquivalentTo(Forwards);
    }

    [Theory]
    [InlineData("undo flight", Act.Throw)]
    [InlineData("undo hotel", Act.Throw)]
    [InlineData("undo garden", Act.Throw)]
    [InlineData("undo garden", Act.Refuse)]
    public void When_a_compensation_fails_Should_be_tried_until_it_succeeds_and_keep_the_order(string step, Act act)
    {
        using var harness = Trips.Start(new Script().Always("pay", Act.Refuse).On(step, act, act));

        var id = Begin(harness).Id;
        harness.Advance(Long);

        Find(harness, id).Status.Should().Be(SagaStatus.Compensated, harness.Log);
        ShouldBeUndone(Deeds(harness));
    }

    [Theory]
    [InlineData("undo flight", Act.Throw)]
    [InlineData("undo garden", Act.Refuse)]
    public void When_a_compensation_fails_for_good_Should_stand_stuck_and_go_on_when_it_is_resumed(string step, Act act)
    {
        var script = new Script().Always("pay", Act.Refuse).Always(step, act);
        using var harness = Trips.Start(script);

        var id = Begin(harness).Id;
        harness.Advance(Long);
        var stuck = Find(harness, id);
        script.On(step);
        Resume(harness, id);

        stuck.Status.Should().Be(SagaStatus.Stuck);
        stuck.Reason.Should().StartWith(step["undo ".Length..]);
        Find(harness, id).Status.Should().Be(SagaStatus.Compensated, harness.Log);
        ShouldBeUndone(Deeds(harness));
    }

    [Theory]
    [InlineData("flight", true)]
    [InlineData("flight", false)]
    [InlineData("hotel", true)]
    [InlineData("hotel", false)]
    public void When_a_compensation_is_acknowledged_late_Should_wait_for_it_and_undo_each_step_once(string step, bool isGivenUp)
    {
        using var harness = Trips.Start(new Script().Always("pay", Act.Refuse).On("undo " + step, Act.ReplyLater));
        var id = Begin(harness).Id;

        // Asked for again after its timeout, which is the same message and so a duplicate over there; three times, then it is stuck.
        harness.Advance(isGivenUp ? Long : TripSaga.StepTimeout + TimeSpan.FromSeconds(10));
        var waiting = Find(harness, id);
        var before = Deeds(harness);
        ReplyNow(harness, "undo " + step);
        ReplyNow(harness, "undo " + step);

        waiting.Should().BeEquivalentTo(new { Status = isGivenUp ? SagaStatus.Stuck : SagaStatus.Compensating, Position = step });
        before[^1].Should().Be("undo " + step, "what comes after it waits");
        Find(harness, id).Should().BeEquivalentTo(new { Status = SagaStatus.Compensated, Reason = "pay: no pay" }, harness.Log);
        Deeds(harness).Should().Equal("flight", "garden", "hotel", "undo hotel", "undo garden", "undo flight");
    }

    [Theory]
    [InlineData("flight")]
    [InlineData("hotel")]
    [InlineData("pay")]
    [InlineData("ticket")]
    public void When_a_step_replies_twice_Should_be_as_if_it_had_once(string step)
    {
        using var harness = Trips.Start(new Script().On(step, Act.ReplyTwice));

        var saga = Begin(harness);

        saga.Status.Should().Be(SagaStatus.Completed, harness.Log);
        Deeds(harness).Should().BeEquivalentTo(Forwards);
        saga.State.Split(step).Length.Should().BeLessThanOrEqualTo(2, "the second reply must not be applied");
    }

    [Fact]
    public void When_a_branch_fails_Should_await_the_others_before_anything_is_undone()
    {
        using var harness = Trips.Start(new Script().On("hotel", Act.ReplyLater).Always("garden", Act.Refuse));

        var id = Begin(harness).Id;
        var waiting = Find(harness, id);
        ReplyNow(harness, "hotel");

        waiting.Should().BeEquivalentTo(new { Status = SagaStatus.Running, Position = "hotel" });
        Deeds(harness).Should().Equal("flight", "hotel", "undo hotel", "undo flight");
    }

    [Theory]
    [InlineData("flight")]
    [InlineData("hotel")]
    public void When_an_operator_cancels_it_before_the_pivot_Should_undo_everything_and_what_succeeds_after_all(string step)
    {
        using var harness = Trips.Start(new Script().On(step, Act.ReplyLater));

        var id = Begin(harness).Id;
        var isAsked = Cancel(harness, id);
        var cancelled = Find(harness, id);
        ReplyNow(harness, step);
        var again = Cancel(harness, id);

        (isAsked, again).Should().Be((true, false));
        cancelled.Should().BeEquivalentTo(new { Status = SagaStatus.Compensated, Reason = "the customer called", Failure = SagaFailureKind.Cancelled }, harness.Log);
        ShouldBeUndone(Deeds(harness));
        Deeds(harness).Should().Contain("undo " + step);
        History(harness, id).Should().Contain(SagaEvent.Cancelled).And.NotContain(SagaEvent.CancelRefused);
    }

    [Fact]
    public void When_an_operator_cancels_what_is_stuck_by_a_message_Should_undo_it()
    {
        using var harness = Trips.Start(new Script().On("hotel", Act.ReplyLater));

        var id = Begin(harness).Id;
        var state = Find(harness, id).State;
        SetState(harness, "nonsense");
        ReplyNow(harness, "hotel");
        var stuck = Find(harness, id);
        SetState(harness, state);
        Cancel(harness, id);

        stuck.Status.Should().Be(SagaStatus.Stuck);
        Find(harness, id).Should().BeEquivalentTo(new { Status = SagaStatus.Compensated, Failure = SagaFailureKind.Cancelled, DueAt = (DateTime?)null }, harness.Log);
        Deeds(harness).Should().Equal(["flight", "garden", "hotel", "undo garden", "undo flight"], "what the hotel has said is in the dead letters");
    }

    [Theory]
    [InlineData("pay")]
    [InlineData("ticket")]
    public void When_an_operator_cancels_it_at_the_pivot_or_behind_Should_be_refused_and_go_on(string step)
    {
        using var harness = Trips.Start(new Script().On(step, Act.ReplyLater));

        var id = Begin(harness).Id;
        var isAsked = Cancel(harness, id);
        ReplyNow(harness, step);

        isAsked.Should().BeFalse();
        Find(harness, id).Status.Should().Be(SagaStatus.Completed, harness.Log);
        Deeds(harness).Should().BeEquivalentTo(Forwards);
        Cancel(harness, Guid.NewGuid()).Should().BeFalse("there is no such instance");
    }

    [Fact]
    public void When_a_saga_is_started_twice_with_one_id_Should_be_started_once()
    {
        using var harness = Trips.Start(new Script());
        var id = Guid.Parse("3f2c1d4e-0000-4000-8000-000000000001");

        Begin(harness, id);
        Begin(harness, id);

        Deeds(harness).Should().BeEquivalentTo(Forwards);
    }

    [Fact]
    public void When_somebody_waits_for_the_end_Should_get_it()
    {
        using var harness = Trips.Start(new Script().On("pay", Act.Refuse));

        var outcome = harness.Run<ISagas, SagaOutcome<Trip>>(sagas => sagas.RunAsync<TripSaga, Trip>(new Trip { Name = "rome" }, TimeSpan.FromSeconds(30)));

        outcome.Should().BeEquivalentTo(new { Status = SagaStatus.Compensated, Reason = "pay: no pay", Failure = SagaFailureKind.Refused, IsCompensated = true });
        outcome.State!.Confirmations.Should().Contain("flight");
    }

    [Fact]
    public void When_the_time_is_over_before_the_end_Should_tell_who_waits_where_to_look()
    {
        using var harness = Trips.Start(new Script().On("pay", Act.ReplyLater));

        var outcome = harness.Run<ISagas, SagaOutcome<Trip>>(sagas => sagas.RunAsync<TripSaga, Trip>(new Trip { Name = "rome" }, TimeSpan.FromSeconds(30)));
        ReplyNow(harness, "pay");
        var later = harness.Run<ISagas, SagaOutcome<Trip>>(sagas => sagas.WaitAsync<TripSaga, Trip>(outcome.Id, TimeSpan.FromSeconds(30)));

        outcome.Should().BeEquivalentTo(new { Status = SagaStatus.Running, State = (Trip?)null });
        later.IsCompleted.Should().BeTrue();
    }

    [Fact]
    public void The_history_of_a_saga_tells_everything_in_its_order_without_a_gap()
    {
        using var harness = Trips.Start(new Script().On("pay", Act.Refuse));

        var id = Begin(harness).Id;

        var history = harness.Run<ISagas, IReadOnlyList<SagaHistoryEntry>>(sagas => sagas.GetHistoryAsync(id));
        history.Select(entry => entry.Sequence).Should().Equal(Enumerable.Range(1, history.Count));
        history.Select(entry => $"{entry.Event} {entry.Step}".TrimEnd()).Should().ContainInOrder(
            "Started", "StepStarted flight", "StepSucceeded flight", "StepStarted hotel", "StepStarted garden", "StepSucceeded garden", "StepSucceeded hotel",
            "StepStarted pay", "StepFailed pay", "CompensationStarted hotel", "CompensationSucceeded hotel", "CompensationStarted garden",
            "CompensationSucceeded garden", "CompensationStarted flight", "CompensationSucceeded flight", "Compensated");
    }

    [Fact]
    public void When_it_is_stuck_by_a_reply_Should_not_take_the_step_for_timed_out_before_it_is_resumed()
    {
        using var harness = Trips.Start(new Script().On("flight", Act.ReplyLater));

        var id = Begin(harness).Id;
        var state = Find(harness, id).State;
        SetState(harness, "nonsense");
        ReplyNow(harness, "flight");
        var stuck = Find(harness, id);
        SetState(harness, state);
        harness.Advance(Long);
        var waiting = Find(harness, id);
        Resume(harness, id);
        ReplyNow(harness, "flight");

        stuck.Status.Should().Be(SagaStatus.Stuck);
        waiting.Should().BeEquivalentTo(new { Status = SagaStatus.Stuck, Position = "flight" });
        Find(harness, id).Status.Should().Be(SagaStatus.Completed, harness.Log);
        Deeds(harness).Should().BeEquivalentTo(Forwards);
    }

    private static void SetState(MessagingHarness harness, string state)
        => harness.Run<TripsDb>(db => db.Set<SagaRow>().ExecuteUpdateAsync(set => set.SetProperty(saga => saga.State, state)));

    /// <summary>Whatever was done is undone once, in the reverse order, and nothing behind the pivot was begun.</summary>
    private static void ShouldBeUndone(List<string> deeds)
    {
        var done = deeds.Where(deed => !deed.StartsWith("undo ", StringComparison.Ordinal)).ToList();
        var undone = deeds.Where(deed => deed.StartsWith("undo ", StringComparison.Ordinal)).Select(deed => deed["undo ".Length..]).ToList();
        undone.Should().BeEquivalentTo(done);
        done.Should().OnlyHaveUniqueItems().And.NotContain(["pay", "ticket", "insure"]);
    }

    private static SagaView Begin(MessagingHarness harness, Guid? id = null)
    {
        var started = harness.Run<IServiceProvider, Guid>(async scope =>
        {
            var saga = scope.GetRequiredService<ISagas>().Start<TripSaga, Trip>(new Trip { Name = "rome" }, id);
            await scope.GetRequiredService<TripsDb>().SaveChangesAsync();
            return saga;
        });
        harness.WaitUntilIdle(TimeSpan.FromMinutes(5));
        return Find(harness, started);
    }

    private static bool Cancel(MessagingHarness harness, Guid id)
    {
        var isAsked = harness.Run<IServiceProvider, bool>(async scope =>
        {
            var isAsked = await scope.GetRequiredService<ISagas>().CancelAsync(id, "the customer called");
            await scope.GetRequiredService<TripsDb>().SaveChangesAsync();
            return isAsked;
        });
        harness.WaitUntilIdle();
        return isAsked;
    }

    private static void Resume(MessagingHarness harness, Guid id)
    {
        harness.Run<IServiceProvider>(async scope =>
        {
            var sagas = scope.GetRequiredService<ISagas>();
            sagas.Resume((await sagas.FindAsync(id))!);
            await scope.GetRequiredService<TripsDb>().SaveChangesAsync();
        });
        harness.WaitUntilIdle();
    }

    private static void ReplyNow(MessagingHarness harness, string step)
    {
        harness.Run<IServiceProvider>(async scope =>
        {
            var db = scope.GetRequiredService<TripsDb>();
            var open = await db.OpenReplies.SingleAsync(reply => reply.Step == step);
            scope.GetRequiredService<IMessageBus>().Reply(new Booked(step), open.ToAddress());
            await db.SaveChangesAsync();
        });
        harness.WaitUntilIdle();
    }

    private static SagaView Find(MessagingHarness harness, Guid id) => harness.Run<ISagas, SagaView?>(sagas => sagas.FindAsync(id))!;

    private static List<SagaEvent> History(MessagingHarness harness, Guid id)
        => [.. harness.Run<ISagas, IReadOnlyList<SagaHistoryEntry>>(sagas => sagas.GetHistoryAsync(id)).Select(entry => entry.Event)];

    private static List<string> Deeds(MessagingHarness harness) => harness.Run<TripsDb, List<string>>(db => db.Deeds.OrderBy(deed => deed.Id).Select(deed => deed.What).ToListAsync());
}
