using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Budgets;

/// <summary>How many statements a message may cost on PostgreSQL. They are counted, so that no machine is too slow for it.</summary>
public sealed class StatementBudgetTests
{
    [Fact]
    public async Task Publishing_with_one_new_row_costs_none_beside_that_of_the_row()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        using var statements = new Statements(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
        });

        statements.Texts.Should().ContainSingle();
    }

    [Fact]
    public async Task Publishing_in_a_transaction_costs_one_for_all_messages_of_a_save()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        using var statements = new Statements(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            bus.Publish(new OrderPlaced("a", 1));
            bus.Publish(new OrderPlaced("b", 2));
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
        });

        statements.Texts.Should().ContainSingle().Which.Should().StartWith("INSERT INTO messaging_outbox");
    }

    [Fact]
    public async Task Handling_one_costs_its_claim_beside_what_the_handler_does_and_the_commit_asks()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        using var statements = new Statements(database);

        (await HandleAsync(shop, [Incoming.Order("a", 1)])).Should().Equal(HandlingOutcome.Handled);

        statements.Texts.Should().HaveCount(3);
        statements.Texts[0].Should().Contain("INSERT INTO messaging_claim");
        statements.Texts[1].Should().Contain("Effects");
        statements.Texts[2].Should().Be("SAVEPOINT messaging_commit; COMMIT");
    }

    [Fact]
    public async Task Handling_a_group_costs_one_claim_and_one_commit_for_all()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        using var statements = new Statements(database);

        await HandleAsync(shop, [.. Enumerable.Range(1, 32).Select(number => Incoming.Order($"order-{number}", number))]);

        statements.Texts.Should().HaveCount(32 + 2);
    }

    [Fact]
    public async Task What_waits_is_relayed_and_handled_with_a_quarter_of_a_statement_for_each_message_at_most()
    {
        const int Messages = 3_000;
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database, Script.Of());
        await shop.InScopeAsync(async (db, bus) =>
        {
            for (var number = 0; number < Messages; number++)
            {
                bus.Publish(new OrderPlaced($"order-{number}", 1));
            }

            await db.SaveChangesAsync();
        });
        using var statements = new Statements(database);

        await shop.StartAsync();
        await shop.HandledAsync(Messages);
        await shop.StopAsync();

        statements.Count("INSERT INTO \"Effects\"").Should().Be(Messages, "those are the handler's own");
        (statements.Texts.Count - Messages).Should().BeLessThan(Messages / 4);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handler_that_swallows_a_failed_statement_has_handled_nothing_whoever_else_looks_at_commits(bool isWatched)
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var watch = new WatchesCommits();
        await using var shop = await ShopHost.CreateAsync(database, isWatched ? Saving.WithLast(watch) : null);
        var message = Incoming.Order("a", 1);

        // The save that follows has nothing to write, so nobody notices before the commit.
        await FluentActions.Awaiting(() => HandleAsync(shop, [message], async db =>
        {
            db.ChangeTracker.Clear();
            await db.Database.Invoking(each => each.ExecuteSqlRawAsync("SELECT 1 FROM what_there_is_not")).Should().ThrowAsync<PostgresException>();
        })).Should().ThrowAsync<PostgresException>().Where(exception => exception.SqlState == PostgresErrorCodes.InFailedSqlTransaction);

        (await HandleAsync(shop, [message])).Should().Equal([HandlingOutcome.Handled], "it was not");
        (await shop.EffectsAsync()).Should().ContainSingle();
        watch.Open.Should().NotContain(false);
        watch.Open.Any().Should().Be(isWatched);
    }

    /// <summary>A COMMIT where there is no transaction succeeds, and what was claimed in the one that is gone would be lost.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_handler_that_ends_the_transaction_has_the_group_fail_whatever_its_place(int place)
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        MessageEnvelope[] messages = [Incoming.Order("a", 1), Incoming.Order("b", 2), Incoming.Order("c", 3)];
        Func<ShopDb, Task>[] ends =
        [
            db => db.Database.CurrentTransaction!.RollbackAsync(),
            db => db.Database.CurrentTransaction!.GetDbTransaction().RollbackAsync(),
            db => db.Database.ExecuteSqlRawAsync("ROLLBACK"),
            async db =>
            {
                await db.Database.GetDbConnection().CloseAsync();
                await db.Database.GetDbConnection().OpenAsync();
            },
        ];

        foreach (var end in ends)
        {
            var index = 0;
            await FluentActions.Awaiting(() => HandleAsync(shop, messages, db =>
            {
                db.ChangeTracker.Clear(); // A save would notice by itself.
                return index++ == place ? end(db) : Task.CompletedTask;
            })).Should().ThrowAsync<Exception>();
        }

        (await HandleAsync(shop, messages)).Should().Equal([HandlingOutcome.Handled, HandlingOutcome.Handled, HandlingOutcome.Handled], "no claim is left of the others");
    }

    private static Task<IReadOnlyList<HandlingOutcome>> HandleAsync(ShopHost shop, MessageEnvelope[] messages, Func<ShopDb, Task>? inside = null)
        => shop.Services.GetRequiredService<IMessageStore>().Inbox.HandleAsync("shop", [.. messages.Select(message => new Delivery(message))], async (scope, _, index, _) =>
        {
            var db = scope.GetRequiredService<ShopDb>();
            db.Effects.Add(new Effect { Handler = "shop", MessageId = messages[index].Id, Key = messages[index].Key });
            await (inside?.Invoke(db) ?? Task.CompletedTask);
        }, CancellationToken.None);

    /// <summary>An interceptor of the application's, after the toolkit's: whether the transaction that is about to be committed still is one.</summary>
    private sealed class WatchesCommits : DbTransactionInterceptor
    {
        public List<bool> Open { get; } = [];

        public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            await using var command = transaction.Connection!.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL";
            Open.Add((bool)(await command.ExecuteScalarAsync(cancellationToken))!);
            return result;
        }
    }
}
