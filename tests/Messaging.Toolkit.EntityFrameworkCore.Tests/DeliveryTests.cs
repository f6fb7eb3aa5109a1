using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests;

/// <summary>From a commit to the last handler, when nothing goes wrong.</summary>
public sealed class DeliveryTests
{
    [Theory, EachDatabase]
    public async Task What_a_transaction_published_is_handled_once_and_so_is_what_its_handlers_send(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database);

        for (var number = 0; number < 100; number++)
        {
            await shop.InScopeAsync(async (db, bus) =>
            {
                db.Orders.Add(new Order { Id = Guid.CreateVersion7() });
                bus.Publish(new OrderPlaced($"order-{number % 10}", number));
                await db.SaveChangesAsync();
            });
        }

        await shop.HandledAsync(300);
        await shop.StopAsync();

        var effects = await shop.EffectsAsync();
        effects.Should().HaveCount(300);
        effects.Select(effect => (effect.Handler, effect.MessageId)).Should().OnlyHaveUniqueItems();
        (await shop.OutboxAsync()).Should().BeEmpty();
        (await shop.DeadLettersAsync()).Should().BeEmpty();
        shop.Handled.Calls.Should().HaveCount(300, "without faults no handler runs twice");
        foreach (var ofHandler in shop.Handled.Calls.GroupBy(call => (call.Handler, call.Key)))
        {
            ofHandler.Select(call => call.Number).Should().BeInAscendingOrder($"{ofHandler.Key} is a key");
        }
    }
}
