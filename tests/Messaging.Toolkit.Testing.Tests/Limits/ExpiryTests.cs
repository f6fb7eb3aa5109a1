using System.Diagnostics.Metrics;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Sagas;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Tests.Limits;

/// <summary>What has expired is not handled, and neither dropped without a word.</summary>
public sealed class ExpiryTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Counts counts = new();

    public void Dispose() => counts.Dispose();

    [Fact]
    public void A_message_whose_time_is_over_when_its_turn_comes_is_counted_and_left()
    {
        using var harness = Start();

        harness.Publish("a", [1, 2], options => options.ExpiresAfter(Patience));
        harness.Publish("a", [3]);
        harness.WaitUntilIdle();

        harness.Done().Should().Equal([1, 3], "the first took longer than that");
        harness.DeadLetters.Should().BeEmpty();
        counts["inbox.expired"].Should().Be(1);
        counts["inbox.handled"].Should().Be(2);
        counts["dead_letters"].Should().Be(0);
    }

    [Fact]
    public void Until_its_time_is_over_it_is_handled()
    {
        using var harness = Start();

        harness.Publish("a", [1, 2], options => options.ExpiresAfter((2 * Patience) + TimeSpan.FromSeconds(1)));
        harness.WaitUntilIdle();

        harness.Done().Should().Equal(1, 2);
        counts["inbox.expired"].Should().Be(0);
    }

    [Fact]
    public void The_endpoint_can_keep_what_has_expired()
    {
        using var harness = Start(limits: e => e.DeadLetterExpired());

        harness.Publish("a", [1, 2], options => options.ExpiresAfter(Patience));
        harness.WaitUntilIdle();

        harness.Done().Should().Equal(1);
        var letter = harness.DeadLetters.Should().ContainSingle().Subject;
        letter.Reason.Should().Be("it expired at 2030-01-01T00:00:05.0000000+00:00 before it was handled");
        letter.Failure.Should().BeNull();
        counts["inbox.expired"].Should().Be(1);
        counts["dead_letters"].Should().Be(1);
    }

    [Fact]
    public void A_type_can_say_how_long_its_messages_are_of_use_and_a_message_can_say_otherwise()
    {
        using var harness = Start(request: e => e.ExpiresAfter(Patience));

        harness.Publish("a", [1, 2]);
        harness.Publish("a", [3], options => options.ExpiresAfter(10 * Patience));
        harness.Publish("a", [4], options => options.ExpiresAt = harness.Time.GetUtcNow() + (10 * Patience));
        harness.WaitUntilIdle();

        harness.Done().Should().Equal(1, 3, 4);
        harness.Published<Request>().Select(published => published.Envelope.ExpiresAt - published.Envelope.Time).Should().Equal(Patience, Patience, 10 * Patience, 10 * Patience);
    }

    [Fact]
    public void It_is_not_tried_again_after_its_time()
    {
        using var harness = Start(work: async (_, _, time) =>
        {
            await Task.Delay(Patience, time);
            throw new InvalidOperationException("not today");
        });

        harness.Publish("a", [1], options => options.ExpiresAfter(1.5 * Patience));
        harness.WaitUntilIdle();

        harness.Done().Should().BeEmpty();
        harness.DeadLetters.Should().BeEmpty("it is no failure any more");
        counts["inbox.retries"].Should().Be(2, "the second attempt began in time");
        counts["inbox.expired"].Should().Be(1);
    }

    [Fact]
    public void A_saga_is_told_that_nobody_has_carried_out_its_command()
    {
        using var harness = Start(
            messaging: m => m
                .Command<Order>(c => c.Named("order").To("desk-of-orders").KeyedBy(_ => "a").ExpiresAfter(Patience))
                .Event<Ordered>(e => e.Named("ordered").ExpiresAfter(TimeSpan.FromTicks(1)))
                .Endpoint("desk-of-orders", e => e.Handle<Order, OrderHandler>())
                .Endpoint("sagas", e => e.Saga<OrderSaga>()));

        var first = StartSaga(harness);
        var second = StartSaga(harness);
        harness.WaitUntilIdle();

        // They have no key in common, so that either may be the first.
        var sagas = new[] { first(), second() };
        sagas.Select(saga => saga.Status).Should().BeEquivalentTo([SagaStatus.Completed, SagaStatus.Compensated], "the reply to the first order does not expire, whatever is said of its type");
        sagas.Single(saga => saga.Status == SagaStatus.Compensated).Reason.Should().Contain("it expired at");
        counts["inbox.expired"].Should().Be(1);
    }

    [Fact]
    public void A_reply_cannot_expire()
    {
        using var harness = Start(messaging: m => m
            .Command<Order>(c => c.Named("order").To("desk-of-orders"))
            .Event<Ordered>(e => e.Named("ordered"))
            .Endpoint("desk-of-orders", e => e.Handle<Order, HastyOrderHandler>())
            .Endpoint("sagas", e => e.Saga<OrderSaga>()));

        _ = StartSaga(harness);
        harness.WaitUntilIdle();

        harness.DeadLetters.Should().ContainSingle().Which.Failure.Should().Contain("'ordered' cannot be published: a reply cannot expire: who has asked for it would wait for ever.");
    }

    public static TheoryData<Action<PublishOptions>, string> Nonsense => new()
    {
        { options => options.ExpiresAfter(TimeSpan.Zero), "its ExpiresAfter is 00:00:00: set it to more than zero and at most 3650 days, or leave it out for a message that does not expire" },
        { options => options.ExpiresAfter(TimeSpan.FromTicks(-1)), "its ExpiresAfter is -00:00:00.0000001: set it to more than zero" },
        { options => options.ExpiresAfter(Timeout.InfiniteTimeSpan), "set it to more than zero" },
        { options => options.ExpiresAfter(TimeSpan.MaxValue), "at most 3650 days" },
        { options => options.ExpiresAt = default(DateTimeOffset), "its ExpiresAt is not a time" },
        { options => options.ExpiresAt = DateTimeOffset.MaxValue, "leave it out for a message that does not expire" },
    };

    [Theory, MemberData(nameof(Nonsense))]
    public void Nonsense_is_refused_where_it_is_said(Action<PublishOptions> configure, string reason)
    {
        using var harness = Start();

        var publish = () => harness.Publish("a", [1], configure);

        publish.Should().Throw<MessagingException>().Which.Message.Should().StartWith("'request' cannot be published: ").And.Contain(reason);
        harness.Published<Request>().Should().BeEmpty();
    }

    [Fact]
    public void A_time_that_has_passed_is_no_mistake()
    {
        using var harness = Start();

        harness.Publish("a", [1], options => options.ExpiresAt = harness.Time.GetUtcNow() - Patience);
        harness.WaitUntilIdle();

        harness.Done().Should().BeEmpty();
        counts["inbox.expired"].Should().Be(1);
    }

    /// <summary>Each message takes twice as long as the patience is, and those of a key follow each other.</summary>
    private MessagingHarness Start(
        Action<EndpointBuilder>? limits = null, Func<Request, MessageContext, TimeProvider, Task>? work = null, Action<EventBuilder<Request>>? request = null, Action<MessagingBuilder>? messaging = null)
        => Desk.Start(limits, work ?? ((_, _, time) => Task.Delay(2 * Patience, time)), request, messaging, services => services.AddSingleton<IMeterFactory>(counts));

    private static Func<SagaView> StartSaga(MessagingHarness harness)
    {
        var id = Guid.Empty;
        harness.Run<IServiceProvider>(async scope =>
        {
            id = scope.GetRequiredService<ISagas>().Start<OrderSaga, OrderState>(new OrderState());
            await scope.GetRequiredService<DeskDb>().SaveChangesAsync();
        });
        return () => harness.Run<ISagas, SagaView?>(sagas => sagas.FindAsync(id))!;
    }

    private sealed record Order;

    private sealed record Ordered;

    private sealed class OrderState;

    private sealed class OrderSaga : Saga<OrderState>
    {
        protected override void Define(ISagaBuilder<OrderState> saga) => saga.Named("order").Step("order", s => s.Send(_ => new Order()).Succeeds<Ordered>());
    }

    private sealed class OrderHandler(TimeProvider time) : IHandle<Order>
    {
        public async Task HandleAsync(Order message, MessageContext context, CancellationToken cancellationToken)
        {
            await Task.Delay(2 * Patience, time, cancellationToken);
            context.Reply(new Ordered());
        }
    }

    private sealed class HastyOrderHandler : IHandle<Order>
    {
        public Task HandleAsync(Order message, MessageContext context, CancellationToken cancellationToken)
        {
            context.Reply(new Ordered(), options => options.ExpiresAfter(Patience));
            return Task.CompletedTask;
        }
    }
}
