using FluentAssertions;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Stores;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Messaging.Toolkit.Testing.Tests.Sagas;

/// <summary>G10: a process manager has one instance for a correlation, loses no event, and its timeouts take effect at most once.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly MessagingHarness harness = MessagingHarness.Start<Orders>();

    public void Dispose() => harness.Dispose();

    [Fact]
    public void When_its_events_come_Should_go_through_its_states_and_complete()
    {
        Publish(new Ordered("o1"));
        var waiting = Find<OrderProcess>("o1");
        Publish(new PaymentReceived("o1", 100));

        waiting.Should().BeEquivalentTo(new { Status = SagaStatus.Running, Position = "awaiting-payment", Correlation = "o1" });
        waiting.DueAt.Should().NotBeNull();
        Find<OrderProcess>("o1").Should().BeEquivalentTo(new { Status = SagaStatus.Completed, Position = "", DueAt = (DateTime?)null });
        Effects().Should().Equal("paid o1");
    }

    [Fact]
    public void When_a_condition_does_not_hold_Should_stay_where_it_is()
    {
        Publish(new Ordered("o1"));
        Publish(new PaymentReceived("o1", 40));
        Publish(new PaymentReceived("o1", 60));

        Find<OrderProcess>("o1").Status.Should().Be(SagaStatus.Completed);
        Effects().Should().Equal("paid o1", "paid o1");
    }

    [Fact]
    public void When_a_timeout_falls_due_Should_take_effect_once()
    {
        Publish(new Ordered("o1"));
        harness.Advance(OrderProcess.Patience - TimeSpan.FromSeconds(1));
        var before = harness.Published<OrderAbandoned>().Count;
        harness.Advance(TimeSpan.FromMinutes(30));

        before.Should().Be(0);
        harness.Published<OrderAbandoned>().Should().ContainSingle();
        Find<OrderProcess>("o1").Status.Should().Be(SagaStatus.Completed);
    }

    [Fact]
    public void When_a_timeout_was_taken_back_Should_never_take_effect()
    {
        Publish(new Ordered("o1"));
        Publish(new PaymentReceived("o1", 10));
        harness.Advance(3 * OrderProcess.Patience);

        harness.Published<OrderAbandoned>().Should().BeEmpty();
        Find<OrderProcess>("o1").Should().BeEquivalentTo(new { Status = SagaStatus.Running, DueAt = (DateTime?)null });
    }

    [Fact]
    public void When_it_has_completed_Should_ignore_what_comes()
    {
        Publish(new Ordered("o1"));
        Publish(new PaymentReceived("o1", 100));
        Publish(new PaymentReceived("o1", 100));
        Publish(new Ordered("o1"));

        Find<OrderProcess>("o1").Status.Should().Be(SagaStatus.Completed);
        Effects().Should().ContainSingle();
        harness.DeadLetters.Should().BeEmpty();
    }

    [Fact]
    public void When_an_event_has_no_instance_Should_keep_it_as_a_dead_letter_that_says_so()
    {
        Publish(new PaymentReceived("nobody", 1));

        harness.DeadLetters.Should().ContainSingle().Which.Reason.Should().Contain("no instance of 'orders.order'");
        harness.Run<ISagas, SagaView?>(sagas => sagas.FindAsync<OrderProcess>("nobody")).Should().BeNull();
    }

    [Theory]
    [InlineData(null, "null")]
    [InlineData("10 kB", "bytes")]
    public void When_an_event_cannot_be_correlated_Should_keep_it_as_a_dead_letter_that_says_so(string? order, string reason)
    {
        Publish(new PaymentReceived(order is null ? null : new string('x', 10_000), 1));

        harness.DeadLetters.Should().ContainSingle().Which.Reason.Should().Contain("orders.order").And.Contain(reason).And.NotContain("xxx");
    }

    [Fact]
    public void When_any_state_handles_an_event_Should_be_handled_in_each()
    {
        Publish(new Ordered("o1"));
        Publish(new AddressChanged("o1", "home"));

        Find<OrderProcess>("o1").State.Should().Contain("home");
    }

    [Fact]
    public void When_a_state_ignores_what_any_state_handles_Should_ignore_it()
    {
        Publish(new Ordered("o1"));
        Publish(new OrderFrozen("o1"));
        Publish(new AddressChanged("o1", "elsewhere"));

        Find<OrderProcess>("o1").State.Should().NotContain("elsewhere");
        harness.DeadLetters.Should().BeEmpty();
    }

    [Fact]
    public void When_it_completes_Should_have_no_timeout_whatever_is_scheduled_after_that()
    {
        Publish(new Ordered("o1"));
        Publish(new OrderFrozen("o1"));
        Publish(new OrderClosed("o1"));

        Find<OrderProcess>("o1").Should().BeEquivalentTo(new { Status = SagaStatus.Completed, DueAt = (DateTime?)null });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void When_two_events_may_begin_it_Should_be_begun_by_the_first_and_found_by_the_second(bool packedFirst)
    {
        object[] events = [new GoodsPacked("p1"), new LabelPrinted("p1")];
        foreach (var one in packedFirst ? events : [.. events.Reverse()])
        {
            Publish(one);
        }

        harness.Published<ParcelReady>().Should().ContainSingle();
        harness.Run<ISagas, IReadOnlyList<SagaView>>(sagas => sagas.QueryAsync(new SagaQuery { Definition = "parcels.parcel" })).Should().ContainSingle();
    }

    [Fact]
    public void When_the_same_event_that_began_it_comes_again_Should_be_set_aside()
    {
        Publish(new GoodsPacked("p1"));
        Publish(new GoodsPacked("p1"));

        harness.DeadLetters.Should().BeEmpty();
        Find<ParcelProcess>("p1").Position.Should().Be("packed");
    }

    [Fact]
    public void When_events_come_before_the_one_that_begins_it_Should_be_parked_and_handled_in_their_order()
    {
        Publish(new LabelLost("p1", 1));
        Publish(new LabelLost("p1", 2));
        var parked = Find<ParcelProcess>("p1");
        Publish(new GoodsPacked("p1"));

        parked.Should().BeEquivalentTo(new { Status = SagaStatus.Running, Position = "" });
        Find<ParcelProcess>("p1").State.Should().Contain("""["packed","lost 1","lost 2"]""");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void When_an_event_that_waited_cannot_be_handled_Should_begin_all_the_same_and_keep_it_as_a_dead_letter(bool fails)
    {
        Publish(fails ? new LabelLost("p1", -1) : new ParcelCounted("p1"));
        Publish(new LabelLost("p1", 2));
        Publish(new GoodsPacked("p1"));

        Find<ParcelProcess>("p1").Should().BeEquivalentTo(new { Status = fails ? SagaStatus.Stuck : SagaStatus.Running, Position = "packed" });
        Find<ParcelProcess>("p1").State.Should().Contain("""["packed","lost 2"]""");
        harness.DeadLetters.Should().ContainSingle().Which.Type.Should().Be(fails ? "lost" : "counted");
    }

    [Fact]
    public void When_too_many_events_are_parked_Should_keep_the_next_as_a_dead_letter()
    {
        for (var i = 0; i < 101; i++)
        {
            Publish(new LabelLost("p1", i));
        }

        harness.DeadLetters.Should().ContainSingle().Which.Reason.Should().Contain("100 events wait already");
    }

    [Fact]
    public void When_it_is_stuck_by_a_message_Should_not_act_on_its_timeouts_until_it_is_resumed()
    {
        Publish(new Ordered("o1"));
        var state = Find<OrderProcess>("o1").State;
        SetState("nonsense");
        Publish(new PaymentReceived("o1", 100));
        var stuck = Find<OrderProcess>("o1");
        SetState(state);
        harness.Advance(2 * OrderProcess.Patience);
        Publish(new AddressChanged("o1", "home"));
        harness.Advance(2 * OrderProcess.Patience);
        var before = harness.Published<OrderAbandoned>().Count;
        Resume(stuck);
        harness.Advance(TimeSpan.FromMinutes(1));

        stuck.Status.Should().Be(SagaStatus.Stuck);
        before.Should().Be(0);
        harness.Published<OrderAbandoned>().Should().ContainSingle();
        Find<OrderProcess>("o1").Status.Should().Be(SagaStatus.Completed);
    }

    [Fact]
    public void When_parked_events_have_too_many_bytes_Should_keep_the_next_as_a_dead_letter()
    {
        Publish(new ParcelCounted("p1", new string('x', 50_000)));
        Publish(new ParcelCounted("p1", new string('y', 50_000)));
        Publish(new LabelLost("p1", 1));

        harness.DeadLetters.Should().ContainSingle().Which.Reason.Should().Contain("had more than 100000 bytes").And.NotContain("yyy");
        Publish(new GoodsPacked("p1"));
        Find<ParcelProcess>("p1").State.Should().Contain("""["packed","lost 1"]""", "the small one had room");
    }

    [Fact]
    public void When_parked_events_have_waited_too_long_Should_keep_them_as_dead_letters_and_forget_the_instance()
    {
        Publish(new LabelLost("p1", 1));
        harness.Advance(TimeSpan.FromMinutes(6));
        Publish(new LabelLost("p1", 2));
        harness.Advance(TimeSpan.FromMinutes(6));
        var first = harness.DeadLetters.Select(letter => letter.Reason).ToList();
        Publish(new GoodsPacked("p1"));
        harness.Advance(TimeSpan.FromMinutes(6));

        first.Should().ContainSingle().Which.Should().Contain("it has waited 00:10:00 for its instance of 'parcels.parcel' to begin");
        harness.DeadLetters.Should().ContainSingle("the other one was handled").Which.Type.Should().Be("lost");
        Find<ParcelProcess>("p1").State.Should().Contain("""["packed","lost 2"]""");
        Find<ParcelProcess>("p1").DueAt.Should().BeNull();
    }

    [Fact]
    public void When_nothing_waits_for_it_any_more_Should_be_forgotten_after_the_retention()
    {
        Publish(new LabelLost("p1", 1));
        harness.Advance(TimeSpan.FromMinutes(12));
        var empty = Find<ParcelProcess>("p1");
        var purged = harness.Run<IEnumerable<IMessageStore>, int>(stores => stores.Single().SagaCatalogue.PurgeAsync(TimeSpan.FromMinutes(1), 10, default));

        empty.Should().BeEquivalentTo(new { Status = SagaStatus.Running, Position = "", DueAt = (DateTime?)null });
        purged.Should().Be(1);
        harness.DeadLetters.Should().ContainSingle();
    }

    [Fact]
    public void When_an_instance_is_of_a_newer_version_Should_keep_its_messages_for_as_long_as_it_takes()
    {
        Publish(new Ordered("o1"));
        SetVersion(2);
        Send(new PaymentReceived("o1", 100));
        harness.Advance(TimeSpan.FromHours(3));
        var letters = harness.DeadLetters.Count;
        var waiting = Find<OrderProcess>("o1");
        SetVersion(1);
        harness.Advance(TimeSpan.FromMinutes(1));

        letters.Should().Be(0);
        waiting.Status.Should().Be(SagaStatus.Running);
        Find<OrderProcess>("o1").Status.Should().Be(SagaStatus.Completed);
    }

    private void SetVersion(int version)
        => harness.Run<OrdersDb>(db => db.Set<SagaRow>().ExecuteUpdateAsync(set => set.SetProperty(saga => saga.Version, version)));

    private void SetState(string state) => harness.Run<OrdersDb>(db => db.Set<SagaRow>().ExecuteUpdateAsync(set => set.SetProperty(saga => saga.State, state)));

    private void Resume(SagaView instance)
    {
        harness.Run<IServiceProvider>(async scope =>
        {
            scope.GetRequiredService<ISagas>().Resume(instance);
            await scope.GetRequiredService<OrdersDb>().SaveChangesAsync();
        });
        harness.WaitUntilIdle();
    }

    private void Publish(object message)
    {
        Send(message);
        harness.WaitUntilIdle();
    }

    private void Send(object message) => harness.Run<OrdersDb>(async db =>
    {
        db.Publish(message);
        await db.SaveChangesAsync();
    });

    private SagaView Find<TProcess>(string correlation) where TProcess : ProcessManagerBase
        => harness.Run<ISagas, SagaView?>(sagas => sagas.FindAsync<TProcess>(correlation))!;

    private List<string> Effects() => harness.Run<OrdersDb, List<string>>(db => db.Effects.OrderBy(effect => effect.Id).Select(effect => effect.What).ToListAsync());
}
