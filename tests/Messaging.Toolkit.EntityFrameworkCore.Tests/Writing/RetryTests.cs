using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;

/// <summary>Under <c>EnableRetryOnFailure</c>, which SQLite's provider does not have: what a retried save wrote is there once.</summary>
public sealed class RetryTests
{
    [Theory]
    [InlineData(Save.Sync)]
    [InlineData(Save.Async)]
    public async Task A_save_whose_commit_was_lost_is_retried_and_writes_its_messages_once_with_the_same_ids(Save save)
    {
        var fault = new CommitFault();
        var commands = new CommandFault();
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await CreateAsync(database, fault, commands);
        fault.Next(CommitFault.Kind.Lost, CommitFault.Kind.Lost);

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            bus.Publish(new OrderPlaced("a", 2));
            await db.SaveAsync(save);
        });

        fault.Commits.Should().Be(3);
        (await shop.PublishedAsync()).Should().Equal(1, 2);
        (await shop.OrdersAsync()).Should().Be(1);
        (await shop.OutboxAsync()).Select(row => row.MessageId).Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData(Save.Sync)]
    [InlineData(Save.Async)]
    public async Task A_save_whose_first_statement_failed_is_retried_and_writes_its_messages_once(Save save)
    {
        var commands = new CommandFault();
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await CreateAsync(database, commands);
        commands.FailNext();

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.AddRange(Saving.NewOrder(), Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveAsync(save);
        });

        commands.Failed.Should().BeTrue();
        (await shop.PublishedAsync()).Should().Equal(1);
        (await shop.OrdersAsync()).Should().Be(2);
    }

    [Theory]
    [InlineData(Save.Sync, CommitFault.Kind.Lost)]
    [InlineData(Save.Sync, CommitFault.Kind.ReplyLost)]
    [InlineData(Save.Async, CommitFault.Kind.Lost)]
    [InlineData(Save.Async, CommitFault.Kind.ReplyLost)]
    public async Task A_save_with_nothing_but_messages_writes_them_once_whatever_became_of_its_commit(Save save, CommitFault.Kind kind)
    {
        var fault = new CommitFault();
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await CreateAsync(database, fault);
        fault.Next(kind);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            bus.Publish(new OrderPlaced("a", 2));
            await db.SaveAsync(save);
            await db.SaveAsync(save);
        });

        (await shop.PublishedAsync()).Should().Equal(1, 2);
        shop.Log.Lines.Should().NotContain(line => line.Id == 5);
    }

    [Fact]
    public async Task A_commit_counts_although_the_relay_took_the_messages_away_before_it_was_looked_up()
    {
        var fault = new CommitFault();
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await CreateAsync(database, fault);
        fault.Next(CommitFault.Kind.ReplyLost);
        fault.AfterCommit = async () => await shop.QueryAsync(db => db.Set<Tables.OutboxRow>().ExecuteDeleteAsync());

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().BeEmpty("they were relayed, and must not be again");
        fault.Commits.Should().Be(1);
    }

    [Theory]
    [InlineData(CommitFault.Kind.None, 1)]
    [InlineData(CommitFault.Kind.Lost, 2)]
    [InlineData(CommitFault.Kind.ReplyLost, 1)]
    public async Task Work_in_a_retried_transaction_takes_effect_once_whatever_became_of_its_commit(CommitFault.Kind kind, int runs)
    {
        var fault = new CommitFault();
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await CreateAsync(database, fault);
        fault.Next(kind);
        var ran = 0;

        await shop.InScopeAsync((db, bus) => db.ExecuteInTransactionAsync(async cancel =>
        {
            ran++;
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync(cancel);
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 2));
        }));

        ran.Should().Be(runs);
        (await shop.OrdersAsync()).Should().Be(2);
        (await shop.PublishedAsync()).Should().Equal(1, 2);
        shop.Log.Lines.Should().NotContain(line => line.Id == 5);
    }

    [Fact]
    public async Task Work_that_never_succeeds_leaves_nothing_and_says_why()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            var act = () => db.ExecuteInTransactionAsync(_ =>
            {
                db.Orders.Add(Saving.NewOrder());
                bus.Publish(new OrderPlaced("a", 1));
                throw new NotSupportedException("the reason");
            });
            await act.Should().ThrowAsync<NotSupportedException>();
        });

        (await shop.OrdersAsync()).Should().Be(0);
        (await shop.PublishedAsync()).Should().BeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_strategy_of_the_callers_that_retries_writes_what_was_published_before_it_or_in_it_once(bool before)
    {
        var fault = new CommitFault();
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await CreateAsync(database, fault);
        fault.Next(CommitFault.Kind.Lost);

        // Both as EF's documentation has it: changes are accepted after the transaction, or the work begins anew.
        await shop.InScopeAsync(async (db, bus) =>
        {
            var strategy = db.Database.CreateExecutionStrategy();
            if (before)
            {
                db.Orders.Add(Saving.NewOrder());
                bus.Publish(new OrderPlaced("a", 1));
                await strategy.ExecuteInTransactionAsync(
                    () => db.SaveChangesAsync(acceptAllChangesOnSuccess: false), () => db.Orders.AsNoTracking().AnyAsync());
                db.ChangeTracker.AcceptAllChanges();
            }
            else
            {
                await strategy.ExecuteInTransactionAsync(
                    async () =>
                    {
                        db.ChangeTracker.Clear();
                        db.Orders.Add(Saving.NewOrder());
                        bus.Publish(new OrderPlaced("a", 1));
                        await db.SaveChangesAsync();
                    },
                    () => db.Orders.AsNoTracking().AnyAsync());
            }

            await db.SaveChangesAsync();
        });

        (await shop.OrdersAsync()).Should().Be(1);
        (await shop.PublishedAsync()).Should().Equal(1);
    }

    [Fact]
    public async Task Messages_are_handled_once_and_so_is_what_their_handlers_send()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await CreateAsync(database);
        await shop.StartAsync();

        for (var number = 0; number < 10; number++)
        {
            await shop.InScopeAsync(async (db, bus) =>
            {
                bus.Publish(new OrderPlaced("a", number));
                await db.SaveChangesAsync();
            });
        }

        await shop.HandledAsync(30);
        await shop.StopAsync();
        (await shop.EffectsAsync()).Select(effect => (effect.Handler, effect.MessageId)).Should().HaveCount(30).And.OnlyHaveUniqueItems();
        (await shop.OutboxAsync()).Should().BeEmpty();
    }

    private static Task<ShopHost> CreateAsync(TestDatabase database, params IInterceptor[] interceptors) => ShopHost.CreateAsync(
        database,
        Saving.WithLast(interceptors),
        options: options => options.UseNpgsql(database.ConnectionString, npgsql => npgsql.EnableRetryOnFailure()));

    /// <summary>Fails an INSERT of EF's with a failure that passes.</summary>
    private sealed class CommandFault : DbCommandInterceptor
    {
        private bool fails;

        public bool Failed { get; private set; }

        public void FailNext() => fails = true;

        public override InterceptionResult<DbDataReader> ReaderExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
        {
            Strike(command);
            return result;
        }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            Strike(command);
            return new(result);
        }

        private void Strike(DbCommand command)
        {
            if (fails && command.CommandText.StartsWith("INSERT", StringComparison.Ordinal))
            {
                fails = false;
                Failed = true;
                throw CommitFault.Transient;
            }
        }
    }
}
