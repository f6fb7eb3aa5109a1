using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Stores;

/// <summary>What is left after a bad night.</summary>
public sealed class ManyDeadLettersTests
{
    private const int Letters = 100_000;
    private const int Keys = 1000;

    [Fact]
    public async Task A_hundred_thousand_dead_letters_are_replayed_by_filter_in_the_order_of_their_keys()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        await shop.QueryAsync(db => db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO messaging_dead_letter (origin, endpoint, message_id, type, partition_key, headers, body, reason, exception_type, attempts, first_failed_at, dead_at)
             SELECT 'Endpoint', 'shop', gen_random_uuid(), 'shop.order-placed', 'key-' || n % {Keys}, n::text, '', 'why', CASE WHEN n % 10 = 0 THEN 'Other' ELSE 'System.TimeoutException' END, 1, now(), now()
             FROM generate_series(1, {Letters}) AS n
             """));
        var letters = shop.Services.GetRequiredService<IDeadLetters>();

        (await letters.ReplayAsync(new() { ExceptionType = "System.TimeoutException" })).Should().Be(Letters / 10 * 9);

        (await letters.QueryAsync(new(), count: 1000)).Should().HaveCount(1000).And.OnlyContain(letter => letter.ExceptionType == "Other");
        var parked = await shop.QueryAsync(db => db.Set<ParkedRow>().OrderBy(row => row.Id).Select(row => new { row.Key, row.Headers }).ToListAsync());
        parked.Should().HaveCount(Letters / 10 * 9);
        foreach (var key in parked.GroupBy(row => row.Key))
        {
            key.Select(row => int.Parse(row.Headers)).Should().BeInAscendingOrder();
        }
    }

    [Fact]
    public async Task A_replay_ends_although_everything_dies_again_at_once()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var gates = new Gates();
        await using var shop = await ShopHost.CreateAsync(database, m =>
        {
            ShopHost.Standard(m);
            gates.Install(m);
        });
        await shop.QueryAsync(db => db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO messaging_dead_letter (origin, endpoint, message_id, type, headers, body, reason, attempts, first_failed_at, dead_at)
             SELECT 'Endpoint', 'shop', gen_random_uuid(), 'shop.order-placed', 'headers', '', 'why', 1, now(), now() FROM generate_series(1, 1200)
             """));
        var batches = 0;
        gates.AfterReplay = () =>
        {
            (++batches).Should().BeLessThan(10, "or it goes on for ever");
            return shop.QueryAsync(db => db.Database.ExecuteSqlRawAsync(
                """
                INSERT INTO messaging_dead_letter (origin, endpoint, message_id, type, headers, body, reason, attempts, first_failed_at, dead_at)
                SELECT 'Endpoint', endpoint, message_id, type, headers, body, 'again', 1, now(), now() FROM messaging_parked;
                DELETE FROM messaging_parked
                """));
        };
        var letters = shop.Services.GetRequiredService<IDeadLetters>();

        (await letters.ReplayAsync(new() { Endpoint = "shop" })).Should().Be(1200);

        (await letters.QueryAsync(new(), count: 1000)).Should().HaveCount(1000).And.OnlyContain(letter => letter.Reason == "again");
        (await letters.DiscardAsync(new() { Through = (await letters.QueryAsync(new(), count: 3))[^1].Id }, "the first three")).Should().Be(3);
    }
}
