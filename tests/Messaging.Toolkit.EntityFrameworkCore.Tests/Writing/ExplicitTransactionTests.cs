using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;

/// <summary>Transactions that the caller begins, ends and leaves as it likes.</summary>
public sealed class ExplicitTransactionTests
{
    [Theory, EachDatabase]
    public async Task Messages_are_in_the_transaction_as_soon_as_they_are_saved_and_outside_when_it_commits(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();

            (await db.Set<Tables.OutboxRow>().CountAsync()).Should().Be(1);
            (await shop.PublishedAsync()).Should().BeEmpty("nothing is committed yet");

            await transaction.CommitAsync();
            (await shop.PublishedAsync()).Should().Equal(1);
        });
    }

    [Theory, EachDatabase]
    public async Task A_rollback_to_a_savepoint_takes_back_what_was_published_after_it_and_nothing_else(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await AddAsync(db, bus, 1);
            await transaction.CreateSavepointAsync("here");
            await AddAsync(db, bus, 2);
            await AddAsync(db, bus, 3);
            await transaction.RollbackToSavepointAsync("here");
            await AddAsync(db, bus, 4);
            await transaction.CommitAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(1, 4);
        (await shop.OrdersAsync()).Should().Be(2);
    }

    [Theory, EachDatabase]
    public async Task A_save_that_failed_in_a_transaction_can_be_corrected_and_the_transaction_committed(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await AddAsync(db, bus, 1);
            var wrong = db.Effects.Add(new Effect { Handler = null! });
            bus.Publish(new OrderPlaced("a", 2));
            await db.Invoking(x => x.SaveChangesAsync()).Should().ThrowAsync<DbUpdateException>();

            wrong.Entity.Handler = "right";
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(1, 2);
        (await shop.EffectsAsync()).Should().ContainSingle();
    }

    [Theory, EachDatabase]
    public async Task After_a_rollback_the_context_publishes_again_and_nothing_of_before(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                await AddAsync(db, bus, 1);
                await transaction.RollbackAsync();
            }

            await AddAsync(db, bus, 2);
        });

        (await shop.PublishedAsync()).Should().Equal(2);
        (await shop.OrdersAsync()).Should().Be(1);
    }

    [Theory, EachDatabase]
    public async Task After_a_transaction_that_was_left_the_context_publishes_again_in_the_next_one(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            await using (await db.Database.BeginTransactionAsync())
            {
                await AddAsync(db, bus, 1);
            }

            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                await AddAsync(db, bus, 2);
                await transaction.CommitAsync();
            }
        });

        (await shop.PublishedAsync()).Should().Equal(2);
    }

    [Theory, EachDatabase]
    public async Task A_transaction_whose_messages_could_not_be_written_cannot_be_committed(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            await RenameOutboxAsync(shop, "messaging_outbox", "moved");
            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                db.Orders.Add(Saving.NewOrder());
                bus.Publish(new OrderPlaced("a", 1));
                await db.Invoking(x => x.SaveChangesAsync()).Should().ThrowAsync<Exception>();

                (await transaction.Invoking(x => x.CommitAsync()).Should().ThrowAsync<MessagingException>())
                    .WithMessage("*cannot be committed*roll it back*");
                await transaction.RollbackAsync();
            }

            await RenameOutboxAsync(shop, "moved", "messaging_outbox");
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 2));
            await db.SaveChangesAsync();
        });

        (await shop.OrdersAsync()).Should().Be(1, "the first one was rolled back");
        (await shop.PublishedAsync()).Should().Equal([2], "the order that the first message tells of does not exist");
    }

    [Theory, EachDatabase]
    public async Task A_transaction_of_the_callers_is_not_refused_for_what_happened_in_one_before_it(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            await RenameOutboxAsync(shop, "messaging_outbox", "moved");
            await db.Database.OpenConnectionAsync();
            var connection = db.Database.GetDbConnection();
            await using (var raw = await connection.BeginTransactionAsync())
            {
                await db.Database.UseTransactionAsync(raw);
                db.Orders.Add(Saving.NewOrder());
                bus.Publish(new OrderPlaced("a", 1));
                await db.Invoking(x => x.SaveChangesAsync()).Should().ThrowAsync<Exception>();
                await raw.RollbackAsync();
            }

            await db.Database.UseTransactionAsync(null);
            await RenameOutboxAsync(shop, "moved", "messaging_outbox");
            await using (var raw = await connection.BeginTransactionAsync())
            {
                var handle = (await db.Database.UseTransactionAsync(raw))!;
                await AddAsync(db, bus, 2);
                await handle.CommitAsync();
            }
        });

        (await shop.OrdersAsync()).Should().Be(1);
        (await shop.PublishedAsync()).Should().Equal(2);
    }

    [Theory, EachDatabase]
    public async Task A_save_that_does_not_accept_its_changes_can_be_repeated_in_the_next_transaction(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                await db.SaveChangesAsync(acceptAllChangesOnSuccess: false);
                await transaction.RollbackAsync();
            }

            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                await db.SaveChangesAsync(acceptAllChangesOnSuccess: false);
                await transaction.CommitAsync();
            }

            db.ChangeTracker.AcceptAllChanges();
            await AddAsync(db, bus, 2);
        });

        (await shop.OrdersAsync()).Should().Be(2);
        (await shop.PublishedAsync()).Should().Equal(1, 2);
    }

    /// <summary>EF passes over a failure to release its savepoint, and opens the next connection, which has no transaction.</summary>
    [Theory, EachDatabase]
    public async Task A_connection_that_is_lost_between_the_rows_and_the_messages_loses_both(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database, options: options => options.AddInterceptors(new LosesConnectionAtRelease()));

        await shop.InScopeAsync(async (db, bus) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();

            var save = () => AddAsync(db, bus, 1);

            await save.Should().ThrowAsync<MessagingException>().WithMessage("*transaction was lost*Begin it again*");
            var commit = () => transaction.CommitAsync();
            await commit.Should().ThrowAsync<Exception>();
        });

        (await shop.OrdersAsync()).Should().Be(0);
        (await shop.PublishedAsync()).Should().BeEmpty("it would be a message of a transaction that is rolled back");
    }

    private sealed class LosesConnectionAtRelease : DbTransactionInterceptor
    {
        public override ValueTask<InterceptionResult> ReleasingSavepointAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            transaction.Connection!.Close();
            return new(result);
        }
    }

    private static async Task AddAsync(ShopDb db, IMessageBus bus, int number)
    {
        db.Orders.Add(Saving.NewOrder());
        bus.Publish(new OrderPlaced("a", number));
        await db.SaveChangesAsync();
    }

    private static Task RenameOutboxAsync(ShopHost shop, string from, string to)
#pragma warning disable EF1002 // The names are the test's own.
        => shop.QueryAsync(db => db.Database.ExecuteSqlRawAsync($"ALTER TABLE {from} RENAME TO {to}"));
#pragma warning restore EF1002
}
