using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Stores;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;

/// <summary>On PostgreSQL a save of one new row needs no transaction of its own; with messages it needs none either.</summary>
public sealed class OneRoundTripTests
{
    [Theory, InlineData(Save.Sync), InlineData(Save.Async)]
    public async Task A_new_row_and_its_messages_are_one_command(Save save)
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var trips = new RoundTrips();
        await using var shop = await ShopHost.CreateAsync(database, Saving.WithLast(trips, trips.Transactions));

        await shop.InScopeAsync(async (db, bus) =>
        {
            await trips.CountAsync(async () =>
            {
                db.Orders.Add(Saving.NewOrder());
                bus.Publish(new OrderPlaced("a", 1));
                bus.Publish(new OrderPlaced("a", 2));
                await db.SaveAsync(save);
            });
            db.Database.AutoTransactionBehavior.Should().Be(AutoTransactionBehavior.WhenNeeded, "it is as it was");
            await db.SaveAsync(save);
        });

        trips.Should().BeEquivalentTo(new { Commands = 1, Begun = 0 }, options => options.ExcludingMissingMembers());
        (await shop.PublishedAsync()).Should().Equal(1, 2);
        (await shop.OrdersAsync()).Should().Be(1);
    }

    [Theory, InlineData(Save.Sync), InlineData(Save.Async)]
    public async Task A_row_that_cannot_be_inserted_leaves_no_message_and_the_next_save_writes_it_under_its_id(Save save)
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        var order = Saving.NewOrder();
        await shop.InScopeAsync((db, _) =>
        {
            db.Orders.Add(new Order { Id = order.Id });
            return db.SaveChangesAsync();
        });

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(order);
            bus.Publish(new OrderPlaced("a", 1));
            await db.Invoking(x => x.SaveAsync(save)).Should().ThrowAsync<DbUpdateException>();
            (await shop.PublishedAsync()).Should().BeEmpty();

            db.ChangeTracker.Clear();
            db.Orders.Add(Saving.NewOrder());
            await db.SaveAsync(save);
        });

        (await shop.PublishedAsync()).Should().Equal(1);
    }

    [Fact]
    public async Task A_message_that_cannot_be_inserted_leaves_no_row()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        await shop.QueryAsync(db => db.Database.ExecuteSqlRawAsync("ALTER TABLE messaging_outbox ADD CHECK (partition_key <> 'bad')"));

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("bad"));
            await db.Invoking(x => x.SaveChangesAsync()).Should().ThrowAsync<Exception>();
        });

        (await shop.OrdersAsync()).Should().Be(0);
        (await shop.PublishedAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task What_needs_a_transaction_gets_one()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var trips = new RoundTrips();
        await using var shop = await ShopHost.CreateAsync(database, Saving.WithLast(trips, trips.Transactions));
        var order = Saving.NewOrder();

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.AddRange(order, Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await trips.CountAsync(() => db.SaveChangesAsync());
            trips.Begun.Should().Be(1, "two rows are two statements");

            order.Version++;
            bus.Publish(new OrderPlaced("a", 2));
            await trips.CountAsync(() => db.SaveChangesAsync());
            trips.Begun.Should().Be(1, "an update may find that somebody else was first");

            db.ChangeTracker.Clear();
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 3), o => o.After(TimeSpan.FromDays(1)));
            await trips.CountAsync(() => db.SaveChangesAsync());
            trips.Begun.Should().Be(1, "a schedule is another table");
        });

        (await shop.PublishedAsync()).Should().Equal(1, 2);
    }

    [Fact]
    public async Task Who_asks_for_a_transaction_always_gets_one()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var trips = new RoundTrips();
        await using var shop = await ShopHost.CreateAsync(database, Saving.WithLast(trips, trips.Transactions));

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await trips.CountAsync(() => db.SaveChangesAsync());
        });

        trips.Begun.Should().Be(1);
        (await shop.PublishedAsync()).Should().Equal(1);
    }

    [Fact]
    public async Task An_interceptor_that_adds_an_update_afterwards_is_refused_and_told_what_to_do()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var order = Saving.NewOrder();
        await using var shop = await ShopHost.CreateAsync(database, Saving.WithLast(new Swapping(order)));
        await shop.InScopeAsync((db, _) =>
        {
            db.Orders.Add(new Order { Id = order.Id });
            return db.SaveChangesAsync();
        });

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            (await db.Invoking(x => x.SaveChangesAsync()).Should().ThrowAsync<DbUpdateException>()).WithInnerException<MessagingException>().WithMessage("*AutoTransactionBehavior to Always*");
            (await shop.PublishedAsync()).Should().BeEmpty();

            db.Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(1);
    }

    [Fact]
    public async Task What_is_published_after_the_command_is_written_and_nothing_is_written_twice()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database, Saving.WithLast(new PublishingAfterCommand()));

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(1, 2);
    }

    [Fact]
    public async Task A_save_within_the_end_of_a_save_writes_nothing_twice_and_its_own_in_its_transaction()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var trips = new RoundTrips();
        await using var shop = await ShopHost.CreateAsync(database, options: options => options.AddInterceptors(new SavingAgain(), trips, trips.Transactions));

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await trips.CountAsync(() => db.SaveChangesAsync());
            db.Database.AutoTransactionBehavior.Should().Be(AutoTransactionBehavior.WhenNeeded);
        });

        (await shop.PublishedAsync()).Should().Equal(1, 2);
        trips.Begun.Should().Be(1, "in the second save something else than a new row is tracked");
    }

    [Fact]
    public async Task Who_throws_when_a_save_is_done_does_not_have_its_messages_written_again()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var throwing = new ThrowingOnce { AtTheEnd = true };
        await using var shop = await ShopHost.CreateAsync(database, options: options => options.AddInterceptors(throwing));

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.Invoking(x => x.SaveChangesAsync()).Should().ThrowAsync<InvalidOperationException>();
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(1);
    }

    [Fact]
    public async Task A_save_that_fails_before_it_begins_leaves_no_way_around_the_transaction()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var trips = new RoundTrips();
        var order = Saving.NewOrder();
        await using var shop = await ShopHost.CreateAsync(database, Saving.WithLast(new ThrowingOnce(), trips, trips.Transactions));
        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.Invoking(x => x.SaveChangesAsync()).Should().ThrowAsync<InvalidOperationException>();

            db.Orders.Add(order);
            await trips.CountAsync(() => db.SaveChangesAsync());
        });

        trips.Begun.Should().Be(1, "two rows and a message are one transaction");
        (await shop.PublishedAsync()).Should().Equal(1);
    }

    [Fact]
    public async Task What_an_interceptor_publishes_meanwhile_is_what_it_would_be_otherwise()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database, Saving.WithLast(new Publishing(db =>
        {
            db.Publish(new OrderPlaced("a", 2), o => o.After(TimeSpan.FromDays(1)));
            for (var number = 3; number < 30; number++)
            {
                db.Publish(new OrderPlaced("a", number));
            }
        })));

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal([1, .. Enumerable.Range(3, 27)]);
    }

    [Fact]
    public async Task Owned_entities_that_are_added_late_are_part_of_the_row()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        var options = new DbContextOptionsBuilder<BasketDb>();
        database.Configure(options);
        await using var provider = new ServiceCollection().AddDbContext<BasketDb>(database.Configure)
            .AddMessaging(messaging => ShopHost.Messages(messaging.UseEntityFrameworkCore<BasketDb>()).Endpoint("billing", e => e.Handle<ChargeCard, Nothing>())).AddLogging().BuildServiceProvider();
        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BasketDb>();
        await db.Database.ExecuteSqlRawAsync("CREATE TABLE \"Baskets\" (\"Id\" uuid PRIMARY KEY, \"Lines\" jsonb)");

        var basket = new Basket { Id = Guid.NewGuid() };
        db.Baskets.Add(basket);
        basket.Lines.AddRange(Enumerable.Range(0, 9).Select(number => new Line { Number = number }));
        db.Send(new ChargeCard("a", 1));
        await db.SaveChangesAsync();

        (await shop.OutboxAsync()).Should().ContainSingle();
    }

    [Fact]
    public async Task A_trigger_that_the_model_knows_of_is_reason_for_a_transaction()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        var store = (EfMessageStore)shop.Services.GetRequiredService<IMessageStore>();
        await using var db = new TriggeredDb(database.Options<TriggeredDb>());

        store.IsPlainInsert(db.Model.FindEntityType(typeof(Basket))!).Should().BeFalse();
        await shop.QueryAsync(plain => Task.FromResult(store.IsPlainInsert(plain.Model.FindEntityType(typeof(Order))!).Should().BeTrue()));
    }

    [Fact]
    public async Task Bodies_are_not_in_a_log_that_shows_parameters()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var log = new List<string>();
        await using var shop = await ShopHost.CreateAsync(database, options: options => options.EnableSensitiveDataLogging().LogTo(log.Add));
        log.Clear();

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
        });

        log.Should().Contain(line => line.Contains("Executed DbCommand", StringComparison.Ordinal)).And.NotContain(line => line.Contains("@messaging", StringComparison.Ordinal));
        (await shop.PublishedAsync()).Should().Equal(1);
    }

    /// <summary>Counts commands of saves, and transactions that were begun.</summary>
    private sealed class RoundTrips : DbCommandInterceptor
    {
        public TransactionCount Transactions { get; } = new();

        public int Commands { get; private set; }

        public int Begun => Transactions.Count;

        public async Task CountAsync(Func<Task> act)
        {
            Commands = Transactions.Count = 0;
            await act();
        }

        public override InterceptionResult<DbDataReader> ReaderExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
        {
            Commands++;
            return result;
        }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
            => new(ReaderExecuting(command, eventData, result));

        public sealed class TransactionCount : DbTransactionInterceptor
        {
            public int Count { get; set; }

            public override InterceptionResult<DbTransaction> TransactionStarting(DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result)
            {
                Count++;
                return result;
            }

            public override ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
                DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result, CancellationToken cancellationToken = default)
                => new(TransactionStarting(connection, eventData, result));
        }
    }

    public sealed class BasketDb(DbContextOptions<BasketDb> options) : DbContext(options)
    {
        public DbSet<Basket> Baskets => Set<Basket>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.AddMessaging();
            modelBuilder.Entity<Basket>().OwnsMany(basket => basket.Lines, lines => lines.ToJson());
        }
    }

    private sealed class TriggeredDb(DbContextOptions<TriggeredDb> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
            => modelBuilder.Entity<Basket>(basket =>
            {
                basket.Ignore(x => x.Lines);
                basket.ToTable("Baskets", table => table.HasTrigger("skips"));
            });
    }

    public sealed class Basket
    {
        public Guid Id { get; set; }

        public List<Line> Lines { get; } = [];
    }

    public sealed class Line
    {
        public int Number { get; set; }
    }

    public sealed class Nothing : IHandle<ChargeCard>
    {
        public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Saves a second time when a save is done, before the toolkit hears of it.</summary>
    private sealed class SavingAgain : SaveChangesInterceptor
    {
        private bool hasSaved;

        public override async ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
        {
            if (!hasSaved)
            {
                hasSaved = true;
                var db = (ShopDb)eventData.Context!;
                db.Orders.Add(Saving.NewOrder());
                db.Publish(new OrderPlaced("a", 2));
                await db.SaveChangesAsync(cancellationToken);
            }

            return result;
        }
    }

    /// <summary>Throws before the first save begins, or when it is done.</summary>
    private sealed class ThrowingOnce : SaveChangesInterceptor
    {
        private bool hasThrown;

        public bool AtTheEnd { get; init; }

        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
            => AtTheEnd ? new(result) : Throw(result);

        public override ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
            => AtTheEnd ? Throw(result) : new(result);

        private ValueTask<T> Throw<T>(T result)
        {
            if (hasThrown)
            {
                return new(result);
            }

            hasThrown = true;
            throw new InvalidOperationException("Not now.");
        }
    }

    private sealed class Publishing(Action<DbContext> publish) : SaveChangesInterceptor
    {
        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            publish(eventData.Context!);
            return new(result);
        }
    }

    /// <summary>Puts an update in the place of what is saved, after the toolkit has looked.</summary>
    private sealed class Swapping(Order order) : SaveChangesInterceptor
    {
        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            if (eventData.Context!.ChangeTracker.Entries<Order>().Any(entry => entry.Entity.Id != order.Id))
            {
                eventData.Context.ChangeTracker.Clear();
                eventData.Context.Attach(new Order { Id = order.Id }).Property(x => ((Order)x).Version).CurrentValue = 1;
            }

            return new(result);
        }
    }

    private sealed class PublishingAfterCommand : DbCommandInterceptor
    {
        public override ValueTask<DbDataReader> ReaderExecutedAsync(DbCommand command, CommandExecutedEventData eventData, DbDataReader result, CancellationToken cancellationToken = default)
        {
            if (eventData.CommandSource == CommandSource.SaveChanges)
            {
                eventData.Context!.Publish(new OrderPlaced("a", 2));
            }

            return new(result);
        }
    }
}
