using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;
using Messaging.Toolkit.Messages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Scheduling;

/// <summary>What is scheduled and cancelled takes part in transactions as everything else does, and comes when it is due.</summary>
public sealed class ScheduleTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(300);

    [Theory, EachDatabase]
    public async Task A_message_comes_when_it_is_due_and_not_before(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Receive);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("k", 3), o => o.After(Soon * 3));
            bus.Publish(new OrderPlaced("k", 2), o => o.After(Soon));
            bus.Publish(new OrderPlaced("k", 1), o => o.After(TimeSpan.Zero));
            bus.Publish(new OrderPlaced("k", 4), o => o.At(DateTimeOffset.MaxValue.AddDays(-10)));
            await db.SaveChangesAsync();
        });
        var due = (await ScheduleAsync(shop)).Select(row => row.DueAt).ToList();
        await shop.HandledAsync(3);
        await shop.DrainedAsync(3);

        shop.Handled.Calls.Select(call => call.Number).Should().Equal(1, 2, 3);
        (await ClockAsync(shop)).Should().BeAfter(due.Order().ElementAt(^2));
        (await ScheduleAsync(shop)).Should().ContainSingle("one is due at the end of the world");
    }

    [Theory, EachDatabase]
    public async Task What_was_to_leave_in_the_past_leaves_at_once_and_in_its_order(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Receive);

        await shop.InScopeAsync(async (db, bus) =>
        {
            foreach (var number in new[] { 3, 1, 2 })
            {
                bus.Publish(new OrderPlaced("k", number), o => o.At(new DateTimeOffset(2020, 1, number, 0, 0, 0, TimeSpan.FromHours(2))));
            }

            await db.SaveChangesAsync();
        });
        await shop.HandledAsync(3);

        shop.Handled.Calls.Select(call => call.Number).Should().Equal(1, 2, 3);
    }

    [Theory, EachDatabase]
    public async Task Another_process_looks_for_what_a_process_has_scheduled_that_only_publishes(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var worker = await ShopHost.StartAsync(database, m => Receive(m.Scheduling(s => s.PollInterval = TimeSpan.FromMilliseconds(50))));
        await using var web = await ShopHost.StartAsync(database, m => Receive(m.Outbox(o => o.RelayHere = false)));

        await SaveAsync(web, bus => bus.Publish(new OrderPlaced("k", 1), o => o.After(Soon)));
        await worker.HandledAsync(1);

        (await ScheduleAsync(web)).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task When_a_process_dies_another_one_goes_on(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var one = await ShopHost.StartAsync(database, m => Receive(m.Scheduling(s => s.PollInterval = TimeSpan.FromMilliseconds(50))));
        await Verdict.EventuallyAsync(async () => await one.QueryAsync(db => db.Set<LeaseRow>().AnyAsync(lease => lease.Name == "housekeeping" && lease.Owner != null)), "a housekeeper");
        await using var other = await ShopHost.StartAsync(database, m => Receive(m.Scheduling(s => s.PollInterval = TimeSpan.FromMilliseconds(50))));

        await SaveAsync(one, bus => bus.Publish(new OrderPlaced("k", 1), o => o.After(Soon)));
        await one.StopAsync();

        await other.HandledAsync(1);
        one.Handled.Calls.Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task Every_way_to_send_can_be_scheduled(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("k", 1), Later);
            bus.Send(new ChargeCard("k", 2), Later);
            db.Publish(new OrderPlaced("k", 3), Later);
            db.Send(new ChargeCard("k", 4), Later);
            await db.SaveChangesAsync();
            await bus.PublishNowAsync(new OrderPlaced("k", 5), Later);
        });

        (await ScheduleAsync(shop)).Select(row => (row.Destination, row.Type, row.Key, row.ScheduleId)).Should().Equal(
            ("shop", "shop.order-placed", "k", "later"), ("billing", "billing.charge-card", "k", "later"), ("shop", "shop.order-placed", "k", "later"),
            ("billing", "billing.charge-card", "k", "later"), ("shop", "shop.order-placed", "k", "later"));
        (await shop.OutboxAsync()).Should().BeEmpty();

        static void Later(PublishOptions options)
        {
            options.After(TimeSpan.FromDays(1));
            options.ScheduleId = "later";
        }
    }

    [Theory, EachDatabase]
    public async Task A_handler_schedules_and_cancels_in_its_transaction(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, m => ShopHost.Messages(m)
            .Endpoint("shop", e => e.Handle<OrderPlaced, Cautious>())
            .Endpoint("billing", e => e.Handle<ChargeCard, Charging>()));
        await SaveAsync(shop, bus => bus.Publish(new OrderPlaced("other", 9), o => Named(o, "order/k")));

        await SaveAsync(shop, bus => bus.Publish(new OrderPlaced("k", 1)));
        await shop.DrainedAsync(2);

        // The first attempt had failed after it had done the same.
        (await shop.EffectsAsync()).Select(effect => (effect.Handler, effect.Number)).Should().Equal(("cautious", 1), ("charging", 1));
        (await ScheduleAsync(shop)).Should().ContainSingle().Which.ScheduleId.Should().Be("charge/k");
        shop.Log.Lines.Should().NotContain(line => line.Id == 22);
    }

    [Theory, EachDatabase]
    public async Task What_is_rolled_back_is_neither_scheduled_nor_cancelled(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        await SaveAsync(shop, bus => bus.Publish(new OrderPlaced("k", 1), o => Named(o, "name")));

        await shop.InScopeAsync(async (db, bus) =>
        {
            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                bus.Cancel("name");
                bus.Publish(new OrderPlaced("k", 2), o => Named(o, "name"));
                await db.SaveChangesAsync();
                await transaction.RollbackAsync();
            }

            db.Orders.Add(new Order { Id = Guid.NewGuid() });
            await db.SaveChangesAsync();
        });

        (await NumbersAsync(shop)).Should().Equal(1);
    }

    [Theory, EachDatabase]
    public async Task What_is_cancelled_with_the_rows_of_a_save_goes_when_they_are_saved(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        await SaveAsync(shop, bus => bus.Publish(new OrderPlaced("k", 1), o => Named(o, "name")));

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(new Order { Id = Guid.NewGuid() });
            bus.Cancel("name");
            (await NumbersAsync(shop)).Should().Equal([1], "nothing was saved yet");
            await db.SaveChangesAsync();
        });

        (await NumbersAsync(shop)).Should().BeEmpty();
        (await shop.OrdersAsync()).Should().Be(1);
    }

    [Theory, EachDatabase]
    public async Task In_one_unit_of_work_a_cancellation_takes_what_came_before_it_and_leaves_what_comes_after(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        await SaveAsync(shop, bus => bus.Publish(new OrderPlaced("k", 1), o => Named(o, "name")));

        await SaveAsync(shop, bus =>
        {
            bus.Publish(new OrderPlaced("k", 2), o => Named(o, "name"));
            bus.Publish(new OrderPlaced("k", 3), o => Named(o, "other"));
            bus.Cancel("name");
            bus.Publish(new OrderPlaced("k", 4), o => Named(o, "name"));
            bus.Publish(new OrderPlaced("k", 5));
        });

        (await NumbersAsync(shop)).Should().Equal(3, 4);
        (await shop.OutboxAsync()).Should().ContainSingle();
    }

    [Theory, EachDatabase]
    public async Task In_one_transaction_a_later_save_cancels_what_an_earlier_one_has_scheduled(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            bus.Publish(new OrderPlaced("k", 1), o => Named(o, "name"));
            await db.SaveChangesAsync();
            db.Cancel("name");
            await db.SaveChangesAsync();
            bus.Publish(new OrderPlaced("k", 2), o => Named(o, "name"));
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
        });

        (await NumbersAsync(shop)).Should().Equal(2);
    }

    [Theory, EachDatabase]
    public async Task A_cancellation_at_once_says_how_many_messages_it_took(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        await SaveAsync(shop, bus =>
        {
            bus.Publish(new OrderPlaced("k", 1), o => Named(o, "name"));
            bus.Publish(new OrderPlaced("k", 2), o => Named(o, "name"));
        });

        await shop.InScopeAsync(async (db, bus) =>
        {
            (await bus.CancelNowAsync("name")).Should().Be(2);
            (await bus.CancelNowAsync("name")).Should().Be(0);
        });

        (await NumbersAsync(shop)).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task What_has_left_is_not_cancelled(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Receive);

        await SaveAsync(shop, bus => bus.Publish(new OrderPlaced("k", 1), o =>
        {
            o.After(TimeSpan.Zero);
            o.ScheduleId = "name";
        }));
        await shop.HandledAsync(1);

        await shop.InScopeAsync(async (_, bus) => (await bus.CancelNowAsync("name")).Should().Be(0));
    }

    [Fact]
    public async Task A_cancellation_that_is_never_saved_is_reported()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync((_, bus) =>
        {
            bus.Cancel("name");
            return Task.CompletedTask;
        });

        shop.Log.Lines.Should().ContainSingle(line => line.Id == 5).Which.Text.Should().Contain("a cancellation");
    }

    [Fact]
    public async Task What_is_given_up_with_its_messages_is_not_cancelled()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.CreateAsync(database);
        await SaveAsync(shop, bus => bus.Publish(new OrderPlaced("k", 1), o => Named(o, "name")));

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Cancel("name");
            db.DiscardMessages();
            await db.SaveChangesAsync();
        });

        (await NumbersAsync(shop)).Should().Equal(1);
    }

    private static void Receive(MessagingBuilder messaging) => ShopHost.Messages(messaging)
        .Endpoint("shop", e => e.Handle<OrderPlaced, Received>())
        .Endpoint("billing", e => e.Handle<ChargeCard, Charging>());

    private static void Named(PublishOptions options, string name)
    {
        options.After(TimeSpan.FromDays(1));
        options.ScheduleId = name;
    }

    private static Task SaveAsync(ShopHost shop, Action<IMessageBus> publish) => shop.InScopeAsync(async (db, bus) =>
    {
        publish(bus);
        await db.SaveChangesAsync();
    });

    private static Task<List<ScheduleRow>> ScheduleAsync(ShopHost shop) => shop.QueryAsync(db => db.Set<ScheduleRow>().AsNoTracking().OrderBy(row => row.Id).ToListAsync());

    private static async Task<List<int>> NumbersAsync(ShopHost shop)
        => (await ScheduleAsync(shop)).ConvertAll(row => ((OrderPlaced)new JsonMessageSerializer().Deserialize(row.Body, typeof(OrderPlaced))).Number);

    private static async Task<DateTime> ClockAsync(ShopHost shop)
        => (await shop.Services.GetRequiredService<EntityFrameworkCore.Stores.EfMessageStore<ShopDb>>().Schedule.ReadRecurringAsync(["none"], default)).Now;

    private sealed class Received(ShopDb db, Handled handled) : IHandle<OrderPlaced>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
        {
            db.Effects.Add(new Effect { Handler = "received", Number = message.Number });
            handled.Add("received", context.Key, message.Number);
            return Task.CompletedTask;
        }
    }

    private sealed class Cautious(ShopDb db) : IHandle<OrderPlaced>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
        {
            context.Cancel($"order/{message.OrderId}");
            context.Send(new ChargeCard(message.OrderId, 1), o => o.After(Soon));
            context.Send(new ChargeCard(message.OrderId, 2), o => Named(o, $"charge/{message.OrderId}"));
            db.Effects.Add(new Effect { Handler = "cautious", Number = message.Number });
            return context.Attempt == 1 ? throw new InvalidOperationException("Not at the first attempt.") : Task.CompletedTask;
        }
    }

    private sealed class Charging(ShopDb db) : IHandle<ChargeCard>
    {
        public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken)
        {
            db.Effects.Add(new Effect { Handler = "charging", Number = message.Number });
            return Task.CompletedTask;
        }
    }
}
