using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Tests.Harness;

/// <summary>Schedules in virtual time: what is due in a week is due when the test says that it is next week.</summary>
public sealed class ScheduleHarnessTests
{
    [Fact]
    public void A_message_comes_at_its_time()
    {
        using var kitchen = Kitchen.Start();
        var noon = kitchen.Time.GetUtcNow().AddHours(12);
        Save(kitchen, bus =>
        {
            bus.Send(new Cook(1, "soup"), o => o.After(TimeSpan.FromDays(7)));
            bus.Send(new Cook(1, "cake"), o => o.At(noon));
        });
        kitchen.WaitUntilIdle();
        kitchen.Published<Cook>().Should().BeEmpty("nothing is due");

        kitchen.Advance(TimeSpan.FromHours(12) - TimeSpan.FromMilliseconds(1));
        kitchen.Handled<Cook>().Should().BeEmpty();
        kitchen.Advance(TimeSpan.FromMilliseconds(1));
        kitchen.WaitUntilIdle();
        kitchen.Handled<Cook>().Should().ContainSingle().Which.Message.Dish.Should().Be("cake");

        kitchen.Advance(TimeSpan.FromDays(6.6));
        kitchen.WaitUntilIdle();
        kitchen.Handled<Cook>().Should().HaveCount(2);
    }

    [Fact]
    public void What_is_due_already_is_waited_for()
    {
        using var kitchen = Kitchen.Start();
        Save(kitchen, bus => bus.Send(new Cook(1, "soup"), o => o.At(DateTimeOffset.UnixEpoch)));

        kitchen.WaitUntilIdle();

        kitchen.Handled<Cooked>().Should().ContainSingle();
    }

    [Fact]
    public void Messages_of_a_key_come_in_the_order_in_which_they_are_due()
    {
        using var kitchen = Kitchen.Start();
        Save(kitchen, bus =>
        {
            foreach (var minute in new[] { 5, 3, 9, 1, 7, 3 })
            {
                bus.Send(new Cook(1, $"{minute}"), o => o.After(TimeSpan.FromMinutes(minute)));
            }
        });

        kitchen.Advance(TimeSpan.FromHours(1));

        kitchen.Handled<Cook>().Select(cook => cook.Message.Dish).Should().Equal("1", "3", "3", "5", "7", "9");
    }

    [Fact]
    public void What_is_cancelled_before_it_is_due_never_comes()
    {
        using var kitchen = Kitchen.Start();
        Save(kitchen, bus =>
        {
            bus.Send(new Cook(1, "soup"), o => o.After(TimeSpan.FromHours(1)).ScheduleId = "table/1");
            bus.Send(new Cook(2, "cake"), o => o.After(TimeSpan.FromHours(1)).ScheduleId = "table/2");
        });
        kitchen.Advance(TimeSpan.FromMinutes(59.9));

        Save(kitchen, bus => bus.Cancel("table/1"));
        kitchen.Advance(TimeSpan.FromHours(2));

        kitchen.Handled<Cook>().Should().ContainSingle().Which.Message.Dish.Should().Be("cake");
    }

    [Fact]
    public void A_handler_that_schedules_again_and_again_is_no_circle()
    {
        using var kitchen = Kitchen.Start((cook, context, _) =>
        {
            context.Send(new Cook(cook.Table, $"{int.Parse(cook.Dish) + 1}"), o => o.After(TimeSpan.FromMinutes(10)));
            return Task.CompletedTask;
        });
        Save(kitchen, bus => bus.Send(new Cook(1, "1")));

        kitchen.Advance(TimeSpan.FromHours(2));

        kitchen.Handled<Cook>().Select(cook => cook.Message.Dish).Should().Equal(Enumerable.Range(1, 13).Select(number => $"{number}"));
    }

    [Fact]
    public void A_recurring_schedule_fires_at_each_of_its_ticks()
    {
        using var kitchen = MessagingHarness.Start(services => services
            .AddDbContext<KitchenDb>(options => options.UseSqlite("Data Source=nowhere/kitchen.db"))
            .AddMessaging(messaging => messaging
                .UseEntityFrameworkCore<KitchenDb>()
                .Event<Paid>(e => e.Named("paid"))
                .Recurring("nightly", "0 3 * * *", tick => new Paid(tick.Day), r => r.In(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")))
                .Recurring("on-mondays", "30 12 * * MON", () => new Paid(0))));

        kitchen.Advance(TimeSpan.FromDays(7));

        // 1 January 2030 is a Tuesday.
        kitchen.Published<Paid>().Select(paid => paid.Message.Table).Should().Equal(1, 2, 3, 4, 5, 6, 7, 0);
        kitchen.Published<Paid>()[0].Envelope.Time.Should().Be(new DateTimeOffset(2030, 1, 1, 2, 0, 0, TimeSpan.Zero));
    }

    [Fact]
    public void What_is_cancelled_is_not_in_the_schedule_any_more()
    {
        using var kitchen = Kitchen.Start();
        Save(kitchen, bus => bus.Send(new Cook(1, "soup"), o => o.After(TimeSpan.FromHours(1)).ScheduleId = "table/1"));

        kitchen.Run<IMessageBus, int>(bus => bus.CancelNowAsync("table/1")).Should().Be(1);

        kitchen.Run((KitchenDb db) => db.Set<ScheduleRow>().CountAsync()).Should().Be(0);
    }

    [Fact]
    public void A_handler_on_a_database_with_one_writer_cannot_cancel_beside_its_transaction()
    {
        using var kitchen = Kitchen.Start((_, _, services) => services.GetRequiredService<IMessageBus>().CancelNowAsync("table/1"));
        Save(kitchen, bus => bus.Send(new Cook(1, "soup")));

        kitchen.WaitUntilIdle();

        kitchen.DeadLetters.Should().ContainSingle().Which.Failure.Should().Contain("CancelNowAsync would wait for it for ever. Use Cancel.");
    }

    private static void Save(MessagingHarness kitchen, Action<IMessageBus> publish) => kitchen.Run<IServiceProvider>(async scope =>
    {
        publish(scope.GetRequiredService<IMessageBus>());
        await scope.GetRequiredService<KitchenDb>().SaveChangesAsync();
    });
}
