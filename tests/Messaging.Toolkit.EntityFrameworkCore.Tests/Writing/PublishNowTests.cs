using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;

/// <summary>Past the unit of work on purpose, and durably all the same.</summary>
public sealed class PublishNowTests
{
    [Theory, EachDatabase]
    public async Task A_message_published_now_is_in_the_outbox_when_the_call_returns(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            await bus.PublishNowAsync(new OrderPlaced("a", 2));
            await bus.PublishNowAsync(new ChargeCard("a", 3));
            (await shop.PublishedAsync()).Should().Equal(2, 3);
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(2, 3, 1);
    }

    [Fact] // SQLite has one writer, and that is the caller's transaction.
    public async Task A_message_published_now_leaves_although_the_callers_transaction_rolls_back()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
            await bus.PublishNowAsync(new OrderPlaced("a", 2));
            await transaction.RollbackAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(2);
    }

    [Theory, EachDatabase]
    public async Task A_message_that_nobody_handles_is_no_error_and_no_row(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database, m => ShopHost.Messages(m).Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>()));

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            await bus.PublishNowAsync(new OrderPlaced("a", 2));
            await db.SaveChangesAsync();
        });

        (await shop.OutboxAsync()).Should().BeEmpty();
        shop.Log.Lines.Should().Contain(line => line.Id == 6).And.NotContain(line => line.Id == 5);
    }
}
