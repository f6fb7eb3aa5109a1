using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;

/// <summary>What one save does with the messages that wait, whoever published them and when.</summary>
public sealed class SaveTests
{
    [Theory, EachDatabase]
    public async Task A_failed_save_that_is_corrected_and_repeated_writes_its_messages_once_with_the_same_ids(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var attempts = new WrittenMessages();
        await using var shop = await ShopHost.CreateAsync(database, Saving.WithLast(attempts, attempts.Fault));
        attempts.Fault.Next(CommitFault.Kind.Lost);

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Database.AutoTransactionBehavior = AutoTransactionBehavior.Always; // It is the commit that is lost.
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.Invoking(x => x.SaveChangesAsync()).Should().ThrowAsync<Exception>();
            bus.Publish(new OrderPlaced("a", 2));
            await db.SaveChangesAsync();
            await db.SaveChangesAsync();
        });

        var rows = await shop.OutboxAsync();
        rows.Select(row => row.NumberOf()).Should().Equal(1, 2);
        attempts.Ids.Should().HaveCount(2, "there were two commits with messages");
        attempts.Ids[0].Should().Equal(rows[0].MessageId);
        attempts.Ids[1].Should().Equal(rows.Select(row => row.MessageId));
    }

    [Theory, EachDatabase]
    public async Task A_save_that_met_somebody_elses_change_holds_up_no_other_save_and_its_messages_wait_for_the_next(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        var order = Saving.NewOrder();

        await shop.InScopeAsync(async (db, bus) =>
        {
            // Deleted in the database only: the update finds no row.
            db.Orders.Attach(order).Property(x => x.Version).CurrentValue = 1;
            bus.Publish(new OrderPlaced("a", 1));
            await db.Invoking(x => x.SaveChangesAsync()).Should().ThrowAsync<DbUpdateConcurrencyException>();

            await shop.InScopeAsync(async (other, otherBus) =>
            {
                otherBus.Publish(new OrderPlaced("a", 2));
                await other.SaveChangesAsync().WaitAsync(TimeSpan.FromSeconds(10));
            });

            db.ChangeTracker.Clear();
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(2, 1);
    }

    [Theory, EachDatabase]
    public async Task A_save_that_another_interceptor_refused_holds_up_no_other_save(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var refusals = 0;
        await using var shop = await ShopHost.CreateAsync(database, Saving.WithLast(new WhenSaving(_ =>
        {
            if (refusals++ == 0)
            {
                throw new NotSupportedException();
            }
        })));

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            await db.Invoking(x => x.SaveChangesAsync()).Should().ThrowAsync<NotSupportedException>();

            await shop.InScopeAsync((_, otherBus) => otherBus.PublishNowAsync(new OrderPlaced("a", 2)).WaitAsync(TimeSpan.FromSeconds(10)));
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(2, 1);
    }

    [Theory, EachDatabase]
    public async Task A_cancelled_save_leaves_its_messages_for_the_next_one(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.Invoking(x => x.SaveChangesAsync(new CancellationToken(canceled: true))).Should().ThrowAsync<OperationCanceledException>();
            (await shop.PublishedAsync()).Should().BeEmpty();
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(1);
    }

    [Theory, EachDatabase]
    public async Task Discarded_messages_are_not_written_and_not_reported(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            db.DiscardMessages();
            bus.Publish(new OrderPlaced("a", 2));
            await db.SaveChangesAsync();
            bus.Publish(new OrderPlaced("a", 3));
            db.DiscardMessages();
        });

        (await shop.PublishedAsync()).Should().Equal(2);
        shop.Log.Lines.Should().NotContain(line => line.Id == 5);
    }

    [Theory, EachDatabase]
    public async Task The_callers_AutoTransactionBehavior_is_back_after_the_save_and_after_a_discard(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        foreach (var behavior in Enum.GetValues<AutoTransactionBehavior>())
        {
            await shop.InScopeAsync(async (db, bus) =>
            {
                db.Database.AutoTransactionBehavior = behavior;
                bus.Publish(new OrderPlaced("a", 1));
                bus.Publish(new OrderPlaced("a", 2));
                await db.SaveChangesAsync();
                db.Database.AutoTransactionBehavior.Should().Be(behavior);

                bus.Publish(new OrderPlaced("a", 3));
                db.DiscardMessages();
                db.Database.AutoTransactionBehavior.Should().Be(behavior);
            });
        }
    }

    [Theory, EachDatabase]
    public async Task A_save_without_messages_is_none_of_the_toolkits_business(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var commits = new CommitFault();
        await using var shop = await ShopHost.CreateAsync(database, Saving.WithLast(commits));
        commits.Next();

        await shop.InScopeAsync(async (db, _) =>
        {
            db.Database.AutoTransactionBehavior = AutoTransactionBehavior.Never;
            db.Orders.AddRange(Saving.NewOrder(), Saving.NewOrder());
            await db.SaveChangesAsync();
            await db.SaveChangesAsync();
        });

        commits.Commits.Should().Be(0, "there was to be no transaction");
        (await shop.OrdersAsync()).Should().Be(2);
    }

    [Theory, EachDatabase]
    public async Task With_messages_even_a_context_that_wants_no_transactions_saves_all_or_nothing(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var commits = new CommitFault();
        await using var shop = await ShopHost.CreateAsync(database, Saving.WithLast(commits));
        commits.Next(CommitFault.Kind.Lost);

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Database.AutoTransactionBehavior = AutoTransactionBehavior.Never;
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.Invoking(x => x.SaveChangesAsync()).Should().ThrowAsync<Exception>();
        });

        (await shop.OrdersAsync()).Should().Be(0);
        (await shop.PublishedAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task An_override_of_SaveChanges_can_publish(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database, services: services => services
            .AddDbContext<ShopDb>(database.Configure)
            .AddScoped<ShopDb>(scope => new PublishingDb(scope.GetRequiredService<DbContextOptions<ShopDb>>())));

        foreach (var save in Enum.GetValues<Save>())
        {
            await shop.InScopeAsync(async (db, _) =>
            {
                db.Orders.Add(new Order { Id = Guid.CreateVersion7(), Version = (int)save + 1 });
                await db.SaveAsync(save);
            });
        }

        (await shop.PublishedAsync()).Should().Equal(1, 2);
    }

    [Theory, EachDatabase]
    public async Task Another_interceptor_can_publish_when_the_save_begins_whichever_runs_first(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(
            database,
            Saving.WithLast(new WhenSaving(db => db.Publish(new OrderPlaced("a", 2)))),
            options: options => options.AddInterceptors(new WhenSaving(db => db.Publish(new OrderPlaced("a", 1)))));

        foreach (var save in Enum.GetValues<Save>())
        {
            await shop.InScopeAsync(async (db, _) =>
            {
                db.Orders.Add(Saving.NewOrder());
                await db.SaveAsync(save);
            });
        }

        (await shop.PublishedAsync()).Should().Equal(1, 2, 1, 2);
        (await shop.OrdersAsync()).Should().Be(2);
        shop.Log.Lines.Should().NotContain(line => line.Id == 5);
    }

    [Theory, EachDatabase]
    public async Task What_another_interceptor_publishes_after_the_save_is_not_lost(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var published = false;
        var afterwards = new WhenSaved(db =>
        {
            if (!published)
            {
                published = true;
                db.Publish(new OrderPlaced("a", 2));
            }

            return Task.CompletedTask;
        });
        await using var shop = await ShopHost.CreateAsync(database, options: options => options.AddInterceptors(afterwards));

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(1, 2);
    }

    [Theory, EachDatabase]
    public async Task A_save_within_a_save_writes_every_message_once(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var depth = 0;
        var before = new WhenSavingAsync(async db =>
        {
            if (depth++ == 0)
            {
                db.Publish(new OrderPlaced("a", 2));
                await db.SaveChangesAsync();
                db.Publish(new OrderPlaced("a", 3));
            }

            depth--;
        });
        var after = new WhenSaved(async db =>
        {
            if (depth++ == 0)
            {
                db.Publish(new OrderPlaced("a", 4));
                await db.SaveChangesAsync();
            }

            depth--;
        });
        await using var shop = await ShopHost.CreateAsync(
            database, Saving.WithLast(before), options: options => options.AddInterceptors(after));

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(1, 2, 3, 4);
        shop.Log.Lines.Should().NotContain(line => line.Id == 5);
    }

    [Theory, EachDatabase]
    public async Task Many_messages_are_written_in_their_order_and_all_or_none(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            for (var number = 0; number < 1001; number++)
            {
                bus.Publish(new OrderPlaced($"order-{number % 7}", number));
            }

            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(Enumerable.Range(0, 1001));
    }

    [Theory, EachDatabase]
    public async Task A_message_for_several_endpoints_has_a_row_for_each_and_one_id(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database, m => ShopHost.Messages(m)
            .Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>().Handle<OrderPlaced, OrderPlacedHandler>())
            .Endpoint("shop", e => e.Handle<OrderPlaced, OrderPlacedHandler>()));

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            bus.Publish(new CardCharged("a", 2));
            await db.SaveChangesAsync();
        });

        var rows = await shop.OutboxAsync();
        rows.Select(row => row.Destination).Should().Equal("billing", "shop");
        rows.Select(row => row.MessageId).Distinct().Should().ContainSingle();
    }

    private sealed class PublishingDb(DbContextOptions<ShopDb> options) : ShopDb(options)
    {
        public override int SaveChanges(bool acceptAllChangesOnSuccess)
        {
            Announce();
            return base.SaveChanges(acceptAllChangesOnSuccess);
        }

        public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
        {
            Announce();
            return base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
        }

        private void Announce()
        {
            foreach (var order in ChangeTracker.Entries<Order>())
            {
                this.Publish(new OrderPlaced("a", order.Entity.Version));
            }
        }
    }

    private sealed class WhenSaving(Action<DbContext> act) : SaveChangesInterceptor
    {
        public override InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
        {
            act(eventData.Context!);
            return result;
        }

        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            act(eventData.Context!);
            return new(result);
        }
    }

    private sealed class WhenSavingAsync(Func<DbContext, Task> act) : SaveChangesInterceptor
    {
        public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            await act(eventData.Context!);
            return result;
        }
    }

    private sealed class WhenSaved(Func<DbContext, Task> act) : SaveChangesInterceptor
    {
        public override async ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
        {
            await act(eventData.Context!);
            return result;
        }
    }

    /// <summary>Reads the outbox within each transaction that is about to commit.</summary>
    private sealed class WrittenMessages : DbTransactionInterceptor
    {
        public CommitFault Fault { get; } = new();

        public List<List<Guid>> Ids { get; } = [];

        public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
            System.Data.Common.DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            var ids = await eventData.Context!.Set<OutboxRow>().OrderBy(row => row.Id).Select(row => row.MessageId).ToListAsync(cancellationToken);
            if (ids.Count > 0)
            {
                Ids.Add(ids);
            }

            return result;
        }
    }
}
