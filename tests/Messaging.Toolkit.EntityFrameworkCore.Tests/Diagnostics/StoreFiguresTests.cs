using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Stores;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Diagnostics;

/// <summary>How much waits in the tables is counted as it is.</summary>
public sealed class StoreFiguresTests
{
    [Theory, EachDatabase]
    public async Task Where_nothing_waits_there_is_nothing_and_it_is_not_late(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        (await ReadAsync(shop)).Should().Be(new StoreFigures { OutboxPending = 0, OutboxOldestAge = TimeSpan.Zero, Parked = 0, DeadLetters = 0, ScheduleLag = TimeSpan.Zero });
    }

    [Theory, EachDatabase]
    public async Task What_waits_is_counted_and_its_age_is_that_of_the_first(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        await AddAsync(shop, outbox: [TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(9), TimeSpan.Zero], parked: 2, letters: 1, due: [TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(-60)]);

        var figures = await ReadAsync(shop);

        (figures.OutboxPending, figures.Parked, figures.DeadLetters).Should().Be((3, 2, 1));
        figures.OutboxOldestAge.Should().BeCloseTo(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(30), "that is the first row");
        figures.ScheduleLag.Should().BeCloseTo(TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(30));
    }

    [Theory, EachDatabase]
    public async Task What_is_still_to_come_and_what_a_fast_clock_has_written_is_not_late(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        await AddAsync(shop, outbox: [TimeSpan.FromMinutes(-10)], parked: 0, letters: 0, due: [TimeSpan.FromMinutes(-10)]);

        var figures = await ReadAsync(shop);

        (figures.OutboxOldestAge, figures.ScheduleLag).Should().Be((TimeSpan.Zero, TimeSpan.Zero));
    }

    [Theory, EachDatabase]
    public async Task It_is_counted_no_further_than_was_said(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        await AddAsync(shop, outbox: [.. Enumerable.Repeat(TimeSpan.Zero, 5)], parked: 4, letters: 3, due: []);

        var figures = await shop.Services.GetRequiredService<EfMessageStore<ShopDb>>().ReadFiguresAsync(countUpTo: 3, CancellationToken.None);

        (figures.OutboxPending, figures.Parked, figures.DeadLetters).Should().Be((3, 3, 3));
    }

    [Fact]
    public async Task Other_databases_are_asked_in_standard_SQL()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        await shop.InScopeAsync((db, _) =>
        {
            shop.Services.GetRequiredService<EfMessageStore<ShopDb>>().KnownDialect = new SqlDialect(new TableNames(db), TimeProvider.System);
            return Task.CompletedTask;
        });
        await AddAsync(shop, outbox: [TimeSpan.FromMinutes(5), TimeSpan.Zero], parked: 2, letters: 1, due: [TimeSpan.FromMinutes(3)]);

        var figures = await ReadAsync(shop);

        (figures.OutboxPending, figures.Parked, figures.DeadLetters).Should().Be((2, 2, 1));
        figures.OutboxOldestAge.Should().BeCloseTo(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(30));
    }

    private static Task<StoreFigures> ReadAsync(ShopHost shop)
        => shop.Services.GetRequiredService<EfMessageStore<ShopDb>>().ReadFiguresAsync(countUpTo: 10_000, CancellationToken.None);

    private static Task AddAsync(ShopHost shop, TimeSpan[] outbox, int parked, int letters, TimeSpan[] due) => shop.InScopeAsync(async (db, _) =>
    {
        var now = DateTime.UtcNow;
        foreach (var age in outbox)
        {
            db.Add(new OutboxRow { MessageId = Guid.NewGuid(), Destination = "nowhere", Type = "t", Headers = "{}", Body = [], CreatedAt = now - age });
            await db.SaveChangesAsync(); // One by one: the numbers are in this order.
        }

        db.AddRange(Enumerable.Range(0, parked).Select(_ => new ParkedRow { Endpoint = "shop", MessageId = Guid.NewGuid(), Type = "t", Headers = "{}", Body = [] }));
        db.AddRange(Enumerable.Range(0, letters).Select(_ => new DeadLetterRow
        {
            Origin = DeadLetterOrigin.Endpoint, Endpoint = "shop", MessageId = Guid.NewGuid(), Type = "t", Headers = "{}", Body = [], Reason = "", Attempts = 1, FirstFailedAt = now, DeadAt = now,
        }));
        db.AddRange(due.Select(late => new ScheduleRow { DueAt = now - late, MessageId = Guid.NewGuid(), Destination = "nowhere", Type = "t", Headers = "{}", Body = [], CreatedAt = now }));
        await db.SaveChangesAsync();
    });
}
