using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>One message at two consumers at once: one effect, and the loser is told that it is a duplicate.</summary>
public sealed class ConcurrentDeliveryTests
{
    [Theory, EachDatabase]
    public async Task Of_two_consumers_that_get_a_message_at_once_one_handles_it_and_the_other_is_told_so(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var one = await ShopHost.CreateAsync(database, Script.Of());
        await using var other = await ShopHost.CreateAsync(database, Script.Of());
        var message = Incoming.Order("order", 1);
        var isInside = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var first = Task.Run(() => HandleAsync(one, [message], async _ =>
        {
            isInside.SetResult();
            await goOn.Task;
        }));
        await isInside.Task;
        var second = Task.Run(() => HandleAsync(other, [message]));
        await WaitsForTheFirstAsync(one, kind);
        second.IsCompleted.Should().BeFalse("nobody can know yet whether the first one commits");
        goOn.SetResult();

        (await first).Should().Equal(HandlingOutcome.Handled);
        (await second).Should().Equal(HandlingOutcome.Duplicate);
        (await one.EffectsAsync()).Should().ContainSingle();
        (await one.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task If_the_first_of_two_consumers_rolls_back_the_second_handles_the_message(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var one = await ShopHost.CreateAsync(database, Script.Of());
        await using var other = await ShopHost.CreateAsync(database, Script.Of());
        var message = Incoming.Order("order", 1);
        var isInside = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var first = Task.Run(() => HandleAsync(one, [message], async _ =>
        {
            isInside.SetResult();
            await goOn.Task;
            throw new InvalidOperationException("The first consumer fails.");
        }));
        await isInside.Task;
        var second = Task.Run(() => HandleAsync(other, [message]));
        await WaitsForTheFirstAsync(one, kind);
        goOn.SetResult();

        await first.Invoking(task => task).Should().ThrowAsync<InvalidOperationException>();
        (await second).Should().Equal(HandlingOutcome.Handled);
        (await one.EffectsAsync()).Should().ContainSingle();
    }

    [Theory, EachDatabase]
    public async Task Two_consumers_with_the_same_messages_in_opposite_order_share_them_without_a_failure(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var one = await ShopHost.CreateAsync(database, Script.Of());
        await using var other = await ShopHost.CreateAsync(database, Script.Of());
        for (var round = 0; round < 20; round++)
        {
            var messages = Enumerable.Range(0, 10).Select(number => Incoming.Order($"order-{round}-{number}", number)).ToArray();
            var outcomes = await Task.WhenAll(
                Task.Run(() => HandleAsync(one, messages)),
                Task.Run(() => HandleAsync(other, [.. messages.Reverse()])));

            outcomes[0].Zip(outcomes[1].Reverse()).Should().OnlyContain(
                pair => (pair.First == HandlingOutcome.Handled) != (pair.Second == HandlingOutcome.Handled), "exactly one of them handles each message");
        }

        (await one.EffectsAsync()).Select(effect => effect.MessageId).Should().HaveCount(200).And.OnlyHaveUniqueItems();
    }

    [Theory, EachDatabase]
    public async Task Copies_of_a_message_in_the_outbox_have_one_effect_whoever_delivers_them(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var one = await ShopHost.CreateAsync(database, Script.Of());
        await using var other = await ShopHost.CreateAsync(database, Script.Of());
        for (var number = 0; number < 200; number++)
        {
            await one.InScopeAsync(async (db, bus) =>
            {
                bus.Publish(new OrderPlaced($"order-{number}", 1));
                await db.SaveChangesAsync();
            });
        }

        // Copies in the same bucket share groups with the originals; those in other buckets go to the other process, too.
        await one.QueryAsync(db => db.Database.ExecuteSqlRawAsync(
            """
            INSERT INTO messaging_outbox (message_id, destination, bucket, partition_key, type, headers, body, created_at)
            SELECT message_id, destination, bucket, partition_key, type, headers, body, created_at FROM messaging_outbox WHERE id % 2 = 0
            UNION ALL
            SELECT message_id, destination, (bucket + 32) % 64, partition_key, type, headers, body, created_at FROM messaging_outbox
            """));

        await Task.WhenAll(one.StartAsync(), other.StartAsync());
        await one.DrainedAsync(200);
        await one.StopAsync();
        await other.StopAsync();

        await one.ShouldHaveHandledInOrderAsync(Enumerable.Range(0, 200).ToDictionary(number => $"order-{number}", _ => 1));
        one.Log.Lines.Concat(other.Log.Lines).Should().NotContain(line => line.Level >= LogLevel.Error, "a duplicate is no error");
    }

    [Fact]
    public async Task A_lost_commit_is_not_taken_for_done_because_another_consumer_handled_one_of_its_messages()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var other = await ShopHost.CreateAsync(database, Script.Of());
        MessageEnvelope[] messages = [Incoming.Order("order-1", 1), Incoming.Order("order-2", 1)];
        var loss = new LosesItsFirstCommit(() => HandleAsync(other, [messages[0]]));
        await using var one = await ShopHost.CreateAsync(database, Script.Of(), options: options => options
            .UseNpgsql(database.ConnectionString, npgsql => npgsql.EnableRetryOnFailure()).AddInterceptors(loss));

        (await HandleAsync(one, messages)).Should().Equal(HandlingOutcome.Duplicate, HandlingOutcome.Handled);

        (await one.EffectsAsync()).Select(effect => effect.Key).Should().BeEquivalentTo("order-1", "order-2");
    }

    private static Task<IReadOnlyList<HandlingOutcome>> HandleAsync(ShopHost shop, MessageEnvelope[] messages, Func<int, Task>? inside = null)
        => shop.Services.GetRequiredService<IMessageStore>().Inbox.HandleAsync("shop", [.. messages.Select(message => new Delivery(message))], async (scope, _, index, _) =>
        {
            scope.GetRequiredService<ShopDb>().Effects.Add(new Effect { Handler = "shop", MessageId = messages[index].Id, Key = messages[index].Key });
            await (inside?.Invoke(index) ?? Task.CompletedTask);
        }, CancellationToken.None);

    /// <summary>SQLite lets nobody else write, so there is nothing to see.</summary>
    private static Task WaitsForTheFirstAsync(ShopHost shop, DatabaseKind kind) => kind == DatabaseKind.Sqlite
        ? Task.CompletedTask
        : Verdict.EventuallyAsync(
            () => shop.QueryAsync(async db => (await db.Database.SqlQueryRaw<int>(
                """SELECT COUNT(*)::int AS "Value" FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'""").ToListAsync()).Single() == 1),
            "the second consumer waits for the first one's claim");

    /// <summary>The connection breaks before the commit takes effect, and somebody else is quick.</summary>
    private sealed class LosesItsFirstCommit(Func<Task> meanwhile) : DbTransactionInterceptor
    {
        private bool isLost;

        public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            if (isLost)
            {
                return result;
            }

            isLost = true;
            await transaction.RollbackAsync(cancellationToken);
            await meanwhile();
            throw new NpgsqlException("The connection is lost.", new IOException());
        }
    }
}
