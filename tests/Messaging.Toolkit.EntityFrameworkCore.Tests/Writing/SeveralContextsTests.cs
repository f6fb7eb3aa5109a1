using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;

/// <summary>An application with several contexts: each is a store of its own, even if two of them share their tables.</summary>
public sealed class SeveralContextsTests
{
    [Theory, EachDatabase]
    public async Task Messages_go_from_the_context_they_were_published_on_to_the_contexts_their_handlers_change(DatabaseKind kind)
    {
        await using var first = await TestDatabase.CreateAsync(kind);
        await using var second = await TestDatabase.CreateAsync(kind);
        await using var shop = await StartAsync<BillingDb>(first, second);

        for (var number = 0; number < 20; number++)
        {
            await shop.InScopeAsync(async (db, _) =>
            {
                db.Publish(new OrderPlaced("a", number));
                await db.SaveChangesAsync();
            });
        }

        await shop.HandledAsync(60);
        await shop.StopAsync();

        (await shop.EffectsAsync()).GroupBy(effect => effect.Handler).Should().SatisfyRespectively(
            group => group.Should().HaveCount(20),
            group => group.Should().HaveCount(20));
        await using var scope = shop.Services.CreateAsyncScope();
        var billing = scope.ServiceProvider.GetRequiredService<BillingDb>();
        (await billing.Set<Effect>().Select(effect => effect.Handler).ToListAsync()).Should().HaveCount(20).And.OnlyContain(handler => handler == "charge-card");
        (await billing.Set<ClaimRow>().CountAsync()).Should().Be(20, "the inbox of an endpoint is in its own context's database");
        (await billing.Set<OutboxRow>().CountAsync()).Should().Be(0);
        (await shop.OutboxAsync()).Should().BeEmpty();
        foreach (var ofHandler in shop.Handled.Calls.GroupBy(call => call.Handler))
        {
            ofHandler.Select(call => call.Number).Should().Equal(Enumerable.Range(0, 20), "the order holds over stores");
        }
    }

    [Theory, EachDatabase]
    public async Task Two_contexts_on_the_same_tables_share_the_work_and_deliver_nothing_twice(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await StartAsync<SameTablesDb>(database, database);

        for (var number = 0; number < 100; number++)
        {
            await shop.InScopeAsync(async (db, _) =>
            {
                db.Publish(new OrderPlaced($"order-{number % 10}", number));
                await db.SaveChangesAsync();
            });
        }

        await shop.HandledAsync(300);
        await shop.StopAsync();

        shop.Handled.Calls.Should().HaveCount(300);
        shop.Log.Lines.Should().NotContain(line => line.Id == 25, "nothing was a duplicate");
        (await shop.OutboxAsync()).Should().BeEmpty();
        foreach (var ofHandler in shop.Handled.Calls.GroupBy(call => (call.Handler, call.Key)))
        {
            ofHandler.Select(call => call.Number).Should().BeInAscendingOrder();
        }

        var leases = await shop.QueryAsync(db => db.Set<LeaseRow>().Where(lease => lease.Name.StartsWith("node/")).ToListAsync());
        leases.Should().HaveCount(2, "each store of the process takes part in the leases for itself");
    }

    [Theory, EachDatabase]
    public async Task The_bus_does_not_guess_which_context_is_meant(DatabaseKind kind)
    {
        await using var first = await TestDatabase.CreateAsync(kind);
        await using var second = await TestDatabase.CreateAsync(kind);
        await using var shop = await StartAsync<BillingDb>(first, second);

        await shop.InScopeAsync(async (_, bus) =>
        {
            const string Expected = "*2 stores (ShopDb, BillingDb)*does not say which*db.Publish(...)*";
            bus.Invoking(x => x.Publish(new OrderPlaced("a"))).Should().Throw<MessagingException>().WithMessage(Expected);
            bus.Invoking(x => x.Send(new ChargeCard("a"))).Should().Throw<MessagingException>().WithMessage(Expected);
            await bus.Invoking(x => x.PublishNowAsync(new OrderPlaced("a"))).Should().ThrowAsync<MessagingException>().WithMessage(Expected);
        });
    }

    [Fact]
    public void An_endpoint_must_say_which_context_its_handlers_change()
    {
        var act = () => new ServiceCollection().AddMessaging(m => ShopHost.Messages(m)
            .UseEntityFrameworkCore<ShopDb>().UseEntityFrameworkCore<BillingDb>()
            .Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>())
            .Endpoint("other", e => e.UseDbContext<SameTablesDb>().Handle<OrderPlaced, OrderPlacedHandler>()));

        act.Should().Throw<MessagingConfigurationException>().Which.Errors.Should().SatisfyRespectively(
            error => error.Should().Contain("'billing'").And.Contain("which of the 2 stores").And.Contain(".UseDbContext<...>()"),
            error => error.Should().Contain("'other'").And.Contain("'SameTablesDb'").And.Contain(".UseEntityFrameworkCore<...>()"));
    }

    private static async Task<ShopHost> StartAsync<TContext>(TestDatabase first, TestDatabase second) where TContext : DbContext
    {
        var shop = await ShopHost.CreateAsync(
            first,
            m => ShopHost.Messages(m)
                .UseEntityFrameworkCore<TContext>()
                .Endpoint("billing", e => e.UseDbContext<TContext>().Handle<ChargeCard, BillingHandler<TContext>>())
                .Endpoint("shop", e => e.UseDbContext<ShopDb>().Handle<OrderPlaced, OrderPlacedHandler>().Handle<CardCharged, CardChargedHandler>()),
            services => services.AddDbContext<TContext>(second.Configure).AddDbContext<ShopDb>(first.Configure)); // ShopDb takes the last options.
        await using (var scope = shop.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<TContext>().Database.EnsureCreatedAsync();
        }

        await shop.StartAsync();
        return shop;
    }

    private sealed class BillingDb(DbContextOptions<BillingDb> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.AddMessaging(tables => tables.TablePrefix = "billing_");
            modelBuilder.Entity<Effect>();
        }
    }

    private sealed class SameTablesDb(DbContextOptions<SameTablesDb> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.AddMessaging();
            modelBuilder.Entity<Effect>().ToTable("Effects");
        }
    }

    private sealed class BillingHandler<TContext>(TContext db, IMessageBus bus, Handled handled) : IHandle<ChargeCard> where TContext : DbContext
    {
        public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken)
        {
            db.Set<Effect>().Add(new Effect { Handler = "charge-card", MessageId = context.MessageId, Key = context.Key, Number = message.Number });
            bus.Publish(new CardCharged(message.OrderId, message.Number));
            handled.Add("charge-card", context.Key, message.Number);
            return Task.CompletedTask;
        }
    }
}
