using Messaging.Toolkit.Messages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Tests.Harness;

/// <summary>What a test sees of an application in the harness.</summary>
public sealed class MessagingHarnessTests
{
    [Fact]
    public void What_is_published_is_handled_and_so_is_what_follows_from_it()
    {
        using var harness = Kitchen.Start();

        Order(harness, 1, "soup");
        harness.WaitUntilIdle();

        harness.Run((KitchenDb db) => db.Meals.SingleAsync()).IsServed.Should().BeTrue();
        harness.Published<Cooked>().Select(published => published.Message).Should().Equal(new Cooked(1, "soup"));
        var handled = harness.Handled<Cook>("cook").Should().ContainSingle().Subject;
        handled.Message.Should().Be(new Cook(1, "soup"));
        handled.Attempts.Should().Be(1);
        handled.Envelope.Key.Should().Be("1");
        harness.Handled<Cook>().Should().Equal(handled);
        harness.Handled<Cook>("waiter").Should().BeEmpty();
        harness.DeadLetters.Should().BeEmpty();
    }

    [Fact]
    public void Nothing_happens_between_two_calls()
    {
        using var harness = Kitchen.Start();

        Order(harness, 1, "soup");

        harness.Published<Cook>().Should().ContainSingle();
        harness.Handled<Cook>().Should().BeEmpty();
    }

    [Fact]
    public void What_a_call_throws_is_thrown_and_nothing_of_it_is_published()
    {
        using var harness = Kitchen.Start();

        var call = () => harness.Run<KitchenDb>(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Send(new Cook(1, "soup"));
            await db.SaveChangesAsync();
            throw new InvalidTimeZoneException("no soup today");
        });

        call.Should().Throw<InvalidTimeZoneException>().WithMessage("no soup today");
        harness.WaitUntilIdle();
        harness.Published<Cook>().Should().BeEmpty();
    }

    [Fact]
    public void What_nobody_here_subscribes_to_is_seen_too()
    {
        using var harness = Kitchen.Start();

        harness.Run<KitchenDb>(async db =>
        {
            db.Publish(new Paid(1), options => options.CorrelationId = "bill-7");
            await db.SaveChangesAsync();
        });
        harness.WaitUntilIdle();

        harness.Published<Paid>().Single().Envelope.CorrelationId.Should().Be("bill-7");
    }

    [Fact]
    public void A_reply_is_seen_whether_the_asker_is_here_or_in_another_application()
    {
        using var harness = Kitchen.Start();

        harness.Run<KitchenDb>(async db =>
        {
            db.Meals.Add(new Meal { Table = 1, Dish = "soup" });
            db.Reply(new Cooked(1, "soup"), new ReplyAddress("waiter", "order 1"));
            db.Reply(new Cooked(3, "soup"), new ReplyAddress("elsewhere", "order 3"));
            await db.SaveChangesAsync();
        });
        harness.WaitUntilIdle();

        harness.Published<Cooked>().Select(published => published.Envelope.Recipient).Should().Equal("waiter", "elsewhere");
        harness.Handled<Cooked>().Should().ContainSingle().Which.Envelope.InReplyTo.Should().Be("order 1");
    }

    [Fact]
    public void A_handler_that_fails_is_found_in_the_dead_letters_and_in_the_log()
    {
        using var harness = Kitchen.Start((_, _, _) => throw new InvalidTimeZoneException("out of salt"));

        Order(harness, 1, "soup");
        harness.WaitUntilIdle();

        var letter = harness.DeadLetters.Should().ContainSingle().Subject;
        letter.Endpoint.Should().Be("cook");
        letter.Attempts.Should().Be(4);
        letter.Reason.Should().Contain(nameof(InvalidTimeZoneException));
        letter.Failure.Should().Contain("out of salt").And.Contain(nameof(CookHandler));
        harness.Log.Should().Contain("out of salt").And.Contain(nameof(CookHandler));
        harness.Handled<Cook>().Should().BeEmpty();
    }

    [Fact]
    public void Attempts_are_counted()
    {
        using var harness = Kitchen.Start((_, context, _) => context.Attempt < 3 ? throw new InvalidTimeZoneException() : Task.CompletedTask);

        Order(harness, 1, "soup");
        harness.WaitUntilIdle();

        harness.Handled<Cook>().Single().Attempts.Should().Be(3);
        harness.DeadLetters.Should().BeEmpty();
    }

    [Fact]
    public void Time_moves_only_when_somebody_waits_or_the_test_says_so()
    {
        using var harness = Kitchen.Start((message, _, services)
            => message.Dish == "roast" ? Task.Delay(TimeSpan.FromSeconds(40), services.GetRequiredService<TimeProvider>()) : Task.CompletedTask);
        var began = harness.Time.GetUtcNow();

        Order(harness, 1, "soup");
        harness.WaitUntilIdle();
        var served = harness.Time.GetUtcNow();
        Order(harness, 1, "roast");
        harness.WaitUntilIdle();
        var roasted = harness.Time.GetUtcNow();
        harness.Advance(TimeSpan.FromHours(1));

        served.Should().Be(began);
        roasted.Should().Be(began + TimeSpan.FromSeconds(40));
        harness.Time.GetUtcNow().Should().Be(roasted + TimeSpan.FromHours(1));
    }

    [Fact]
    public void What_falls_due_while_the_clock_moves_is_done()
    {
        using var harness = Kitchen.Start((_, _, services) => Task.Delay(TimeSpan.FromMinutes(30), services.GetRequiredService<TimeProvider>()));

        Order(harness, 1, "roast");
        harness.Advance(TimeSpan.FromMinutes(29));
        var before = harness.Handled<Cook>().Count;
        harness.Advance(TimeSpan.FromMinutes(2));

        before.Should().Be(0);
        harness.Handled<Cook>().Should().ContainSingle();
    }

    [Fact]
    public void Messages_are_handled_after_those_before_have_been_forgotten()
    {
        using var harness = MessagingHarness.Start(services =>
        {
            new Kitchen().ConfigureServices(services);
            services.AddSingleton(new Recipe((_, _, _) => Task.CompletedTask));
        });

        Order(harness, 1, "soup");
        harness.Advance(TimeSpan.FromDays(8));
        Order(harness, 2, "soup");
        harness.WaitUntilIdle();

        harness.Handled<Cook>().Should().HaveCount(2);
    }

    [Fact]
    public void Two_runs_are_the_same()
    {
        Run().Should().Be(Run());

        static string Run()
        {
            using var harness = Kitchen.Start();
            for (var table = 1; table <= 5; table++)
            {
                Order(harness, table, "soup");
            }

            harness.WaitUntilIdle();
            return harness.Log;
        }
    }

    [Fact]
    public void A_message_that_was_never_saved_is_in_the_log()
    {
        using var harness = Kitchen.Start();

        harness.Run<KitchenDb>(db =>
        {
            db.Send(new Cook(1, "soup"));
            return Task.CompletedTask;
        });

        harness.Log.Should().Contain("never saved");
    }

    [Fact]
    public async Task A_test_may_wait_for_other_things_in_between()
    {
        using var harness = Kitchen.Start();

        await Task.Delay(20);
        Order(harness, 1, "soup");
        await Task.Run(() => harness.WaitUntilIdle());

        harness.Handled<Cooked>().Should().ContainSingle();
    }

    [Fact]
    public void A_handler_may_wait_for_the_test()
    {
        var oven = new TaskCompletionSource();
        using var harness = Kitchen.Start((_, _, _) => oven.Task);

        Order(harness, 1, "soup");
        harness.Advance(TimeSpan.FromSeconds(1));
        oven.SetResult();
        harness.WaitUntilIdle();

        harness.Handled<Cook>().Should().ContainSingle();
    }

    private static void Order(MessagingHarness harness, int table, string dish) => harness.Run<KitchenDb>(async db =>
    {
        db.Send(new Cook(table, dish));
        await db.SaveChangesAsync();
    });
}
