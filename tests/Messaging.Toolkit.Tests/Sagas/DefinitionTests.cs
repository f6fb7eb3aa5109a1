using FluentAssertions;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Sagas;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Messaging.Toolkit.Tests.Sagas;

/// <summary>What is wrong with a definition is an error at start-up that lists all of it.</summary>
public sealed class DefinitionTests
{
    [Fact]
    public void Everything_wrong_with_a_saga_is_one_error()
        => ErrorsOf(e => e.Saga<BrokenSaga>()).Should().BeEquivalentTo(
            "BrokenSaga has no name: begin its definition with .Named(\"...\"), for instance .Named(\"shop.checkout\").",
            "BrokenSaga: Version(3) comes where Version(2) is expected: give all versions from 2 on, in their order.",
            "BrokenSaga: the group 'nobody' has no steps.",
            "BrokenSaga has 2 steps named 'pay': names must differ, and by more than their case.",
            "BrokenSaga has Timeout(00:00:00): set it between 1 ms and 10 years.",
            "BrokenSaga has Retry(0, 00:00:01, 00:00:02): set 1 to 1000 attempts, and pauses from 1 ms to 30 days of which the first is not the longest.",
            "BrokenSaga, step 'no end': its name cannot be used: it has characters other than letters, digits, '.', '-', '_' and '/'.",
            "BrokenSaga, step 'no end': it has no way to end: add .Succeeds<TReply>().",
            "BrokenSaga, step 'nothing': it does nothing: add .Send(...), .Run<TActivity>() or .Publish(...).",
            "BrokenSaga, step 'unknown': UnknownCommand is not registered: add .Command<UnknownCommand>(...).",
            "BrokenSaga, step 'unknown': UnknownReply is not registered: add .Event<UnknownReply>(...).",
            "BrokenSaga, step 'event': Done is registered as an event, and has to be a command.",
            "BrokenSaga, step 'event': its Timeout is 00:00:00: set it between 1 ms and 10 years.",
            "BrokenSaga, step 'two': it does more than one thing: make it several steps.",
            "BrokenSaga, step 'two': it waits for no reply: .Succeeds and .Fails belong to .Send(...).",
            "BrokenSaga, step 'Pay': it has Done for more than one end.");

    [Fact]
    public void A_command_without_a_destination_is_an_error()
        => ErrorsOf(e => e.Saga<GoodSaga>(), command => command).Should().Contain("The command DoIt has no destination: add .To(\"endpoint\").");

    [Fact]
    public void A_saga_that_keeps_its_builder_cannot_undo_what_lies_behind_the_pivot()
        => ErrorsOf(e => e.Saga<CunningSaga>()).Should().ContainSingle().Which.Should().Contain("lies behind the pivot");

    [Fact]
    public void A_name_that_a_step_has_given_up_cannot_be_another_steps()
        => ErrorsOf(e => e.Saga<ReusingSaga>()).Should().Equal(new[] { "a", "c" }.Select(name
            => $"ReusingSaga has a step '{name}', and a Version has renamed or removed another one of that name: name it otherwise, as replies to the former may be on their way."));

    [Fact]
    public void Two_endpoints_cannot_run_one_saga()
        => ErrorsOf(e => e.Saga<GoodSaga>(), also: messaging => messaging.Endpoint("other", e => e.Saga<GoodSaga>()))
            .Should().Contain("2 sagas or process managers are named 'good': names must differ, by more than their case, and one endpoint runs each.");

    [Fact]
    public void Everything_wrong_with_a_process_manager_is_one_error()
        => ErrorsOf(e => e.Process<BrokenProcess>()).Should().BeEquivalentTo(
            "BrokenProcess: Done begins it and leaves it without a state: add .GoTo(\"...\").",
            "BrokenProcess: the name 'a b' cannot be used: it has characters other than letters, digits, '.', '-', '_' and '/'.",
            "BrokenProcess: the state 'lonely' cannot be reached: nothing goes to it.",
            "BrokenProcess: the state 'a b' cannot be reached: nothing goes to it.",
            "BrokenProcess: the timeout 'late' is scheduled and nowhere handled: add .WhenTimeout<Late>().",
            "BrokenProcess: the timeout Never is handled and nowhere scheduled: add .Schedule(...).",
            "BrokenProcess: the timeout 'other' is unscheduled and nowhere scheduled.",
            "BrokenProcess: Done is handled 2 times in 'lonely': handle it once.",
            "BrokenProcess: the timeout 'late' has a delay of -00:00:01: set it between 0 and 10 years.");

    [Fact]
    public void A_process_manager_that_nothing_begins_is_an_error()
        => ErrorsOf(e => e.Process<EndlessProcess>()).Should().Contain("EndlessProcess: no event begins it: add .Initially(p => p.When<TEvent>(...)).");

    [Fact]
    public void A_state_without_a_way_out_is_an_error()
        => ErrorsOf(e => e.Process<DeadEndProcess>()).Should().Equal(
            "DeadEndProcess: the state 'somewhere' has no way out: handle something in it that goes to another state or completes, or complete where it is entered.");

    [Fact]
    public void A_condition_is_a_way_out_of_where_it_may_come_to_hold_and_of_nowhere_else()
        => ErrorsOf(e => e.Process<HopefulProcess>(), also: m => m.Event<Never>(e => e.Named("never"))).Should().Equal(
            "HopefulProcess: the state 'over' has no way out: handle something in it that goes to another state or completes, or complete where it is entered.");

    [Fact]
    public void What_is_right_is_no_error() => ErrorsOf(e => e.Saga<GoodSaga>().Process<GoodProcess>()).Should().BeEmpty();

    private static IReadOnlyList<string> ErrorsOf(
        Action<EndpointBuilder> configure, Func<CommandBuilder<DoIt>, CommandBuilder<DoIt>>? command = null, Action<MessagingBuilder>? also = null)
    {
        try
        {
            new ServiceCollection().AddMessaging(messaging =>
            {
                messaging.Stores.Add("store");
                messaging
                    .Command<DoIt>(c => (command ?? (known => known.To("worker")))(c.Named("do-it")))
                    .Event<Done>(e => e.Named("done"))
                    .Endpoint("worker", e => e.Handle<DoIt, DoItHandler>())
                    .Endpoint("sagas", configure);
                also?.Invoke(messaging);
            });
            return [];
        }
        catch (MessagingConfigurationException exception)
        {
            return exception.Errors;
        }
    }

    private sealed record DoIt;

    private sealed record Done(string Id = "");

    private sealed record UnknownCommand;

    private sealed record UnknownReply;

    private sealed record Late;

    private sealed record Never;

    private sealed class State;

    private sealed class DoItHandler : IHandle<DoIt>
    {
        public Task HandleAsync(DoIt message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class GoodSaga : Saga<State>
    {
        protected override void Define(ISagaBuilder<State> saga) => saga
            .Named("good")
            .Step("one", s => s.Send(_ => new DoIt()).Succeeds<Done>().Compensate(_ => new DoIt()))
            .Pivot("two", s => s.Send(_ => new DoIt()).Succeeds<Done>())
            .Step("three", s => s.Publish(_ => new Done()));
    }

    private sealed class CunningSaga : Saga<State>
    {
        protected override void Define(ISagaBuilder<State> saga)
        {
            saga.Named("cunning").Pivot("two", s => s.Send(_ => new DoIt()).Succeeds<Done>());
            saga.Step("three", s => s.Send(_ => new DoIt()).Succeeds<Done>().Compensate(_ => new DoIt()));
        }
    }

    private sealed class BrokenSaga : Saga<State>
    {
        protected override void Define(ISagaBuilder<State> saga) => saga
            .Version(3, _ => { })
            .Timeout(TimeSpan.Zero)
            .Retry(0, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2))
            .Parallel("nobody", _ => { })
            .Step("no end", s => s.Send(_ => new DoIt()).Fails<Done>())
            .Step("nothing", _ => { })
            .Step("unknown", s => s.Send(_ => new UnknownCommand()).Succeeds<UnknownReply>())
            .Step("event", s => s.Send(_ => new Done()).Succeeds<Done>().Timeout(TimeSpan.Zero))
            .Step("two", s => s.Send(_ => new DoIt()).Publish(_ => new Done()).Succeeds<Done>())
            .Step("pay", s => s.Send(_ => new DoIt()).Succeeds<Done>())
            .Step("Pay", s => s.Send(_ => new DoIt()).Succeeds<Done>().Fails<Done>());
    }

    /// <summary>What was "d" has its old name again, which is not another's.</summary>
    private sealed class ReusingSaga : Saga<State>
    {
        protected override void Define(ISagaBuilder<State> saga) => saga
            .Named("reusing")
            .Version(2, v => v.Rename("a", "b").Remove("c").Rename("d", "e"))
            .Version(3, v => v.Rename("e", "d"))
            .Step("a", s => s.Send(_ => new DoIt()).Succeeds<Done>())
            .Step("b", s => s.Send(_ => new DoIt()).Succeeds<Done>())
            .Step("c", s => s.Send(_ => new DoIt()).Succeeds<Done>())
            .Step("d", s => s.Send(_ => new DoIt()).Succeeds<Done>());
    }

    private sealed class GoodProcess : ProcessManager<State>
    {
        protected override void Define(IProcessBuilder<State> process) => process
            .Named("good-process")
            .Initially(p => p.When<Done>(m => m.Id).Schedule("late", TimeSpan.FromSeconds(1), _ => new Late()).GoTo("waiting"))
            .During("waiting", p => p.WhenTimeout<Late>().Complete());
    }

    private sealed class BrokenProcess : ProcessManager<State>
    {
        protected override void Define(IProcessBuilder<State> process) => process
            .Named("broken")
            .Initially(p => p.When<Done>(m => m.Id).Schedule("late", -TimeSpan.FromSeconds(1), _ => new Late()))
            .During("a b", p => p.WhenTimeout<Never>().Unschedule("other"))
            .During("lonely", p => p.When<Done>(m => m.Id).GoTo("a b").When<Done>(m => m.Id).GoTo("a b"));
    }

    private sealed class DeadEndProcess : ProcessManager<State>
    {
        protected override void Define(IProcessBuilder<State> process) => process
            .Named("dead-end")
            .Initially(p => p.When<Done>(m => m.Id).GoTo("somewhere"))
            .During("somewhere", p => p.When<Done>(m => m.Id));
    }

    /// <summary>Completes on a condition: that is a way out of a state in which it may come to hold, and none out of one in which nothing happens any more.</summary>
    private sealed class HopefulProcess : ProcessManager<State>
    {
        protected override void Define(IProcessBuilder<State> process) => process
            .Named("hopeful")
            .Initially(p => p.When<Done>(m => m.Id).GoTo("counting"))
            .During("counting", p => p
                .When<Done>(m => m.Id).Complete(when: (_, m) => m.Id == "last")
                .When<Never>(_ => "").GoTo("over").Complete(when: (_, _) => false));
    }

    private sealed class EndlessProcess : ProcessManager<State>
    {
        protected override void Define(IProcessBuilder<State> process) => process
            .Named("endless")
            .During("somewhere", p => p.When<Done>(m => m.Id));
    }
}
