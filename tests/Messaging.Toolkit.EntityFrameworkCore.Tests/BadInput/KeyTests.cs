using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.BadInput;

/// <summary>Keys are compared as they are: what looks alike to a collation is not alike.</summary>
public sealed class KeyTests
{
    private static readonly string[] Keys =
    [
        "key", "KEY", "Key", "key ", " key", "k\u00E9y", "ke\u0301y", "straße", "strasse", "İ", "i", "I", "ı", "🛒", "%", "_", "\\", "'", "\"", "'; DROP TABLE x; --", "null", "0", "00",
        new string('k', 512), new string('ä', 256),
    ];

    [Theory, EachDatabase]
    public async Task Keys_that_differ_in_a_character_are_different_keys_and_each_keeps_its_order(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);

        // So few under way that keys are held back and read again by their text.
        await using var shop = await ShopHost.CreateAsync(database, m =>
        {
            ShopHost.Messages(m).Outbox(o => o.Window = 16)
                .Endpoint("billing", e => e.Handle<ChargeCard, QuietHandler>())
                .Endpoint("shop", e => e.Handle<OrderPlaced, QuietHandler>());
        });
        await shop.InScopeAsync(async (db, bus) =>
        {
            for (var number = 0; number < 10; number++)
            {
                foreach (var key in Keys)
                {
                    bus.Publish(new OrderPlaced(key, number));
                }
            }

            await db.SaveChangesAsync();
        });

        await shop.StartAsync();
        await shop.HandledAsync(10 * Keys.Length);
        await shop.StopAsync();

        var byKey = shop.Handled.Calls.GroupBy(call => call.Key!, StringComparer.Ordinal).ToList();
        byKey.Select(group => group.Key).Should().BeEquivalentTo(Keys);
        foreach (var ofKey in byKey)
        {
            ofKey.Select(call => call.Number).Should().Equal(Enumerable.Range(0, 10), "'{0}' is a key", ofKey.Key);
        }

        (await shop.OutboxAsync()).Should().BeEmpty();
    }

    private sealed class QuietHandler(Handled handled) : IHandle<OrderPlaced>, IHandle<ChargeCard>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
        {
            context.Key.Should().Be(message.OrderId);
            handled.Add("quiet", context.Key, message.Number);
            return Task.CompletedTask;
        }

        public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
