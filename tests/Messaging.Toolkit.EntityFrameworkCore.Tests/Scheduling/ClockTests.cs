using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Scheduling;

/// <summary>Clocks that jump an hour either way: by the store's clock nothing leaves early, and nothing leaves twice.</summary>
public sealed class ClockTests : IAsyncLifetime
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Clock clock = new();
    private TestDatabase database = null!;
    private ShopHost shop = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        shop = await ShopHost.CreateAsync(database, services: services => services
            .AddSingleton<TimeProvider>(clock)
            .AddDbContext<ShopDb>(database.Configure));
    }

    public async Task DisposeAsync()
    {
        await shop.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_clock_that_goes_back_makes_what_is_not_due_wait_and_what_has_left_stay_away()
    {
        await ScheduleAsync(TimeSpan.FromMinutes(10));
        await ScheduleAsync(TimeSpan.FromMinutes(70));

        clock.Now += TimeSpan.FromMinutes(10);
        (await MoveAsync()).Should().Be(1);
        clock.Now -= Hour;
        (await MoveAsync()).Should().Be(0);
        clock.Now += TimeSpan.FromMinutes(119);
        (await MoveAsync()).Should().Be(0, "a minute is missing");
        clock.Now += TimeSpan.FromMinutes(1);
        (await MoveAsync()).Should().Be(1);
        (await shop.OutboxAsync()).Select(row => row.MessageId).Should().HaveCount(2).And.OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task A_clock_that_goes_on_makes_due_what_is_due_by_it()
    {
        await ScheduleAsync(TimeSpan.FromMinutes(59));
        await ScheduleAsync(TimeSpan.FromMinutes(61));

        clock.Now += Hour;

        (await MoveAsync()).Should().Be(1);
        (await shop.QueryAsync(db => db.Set<ScheduleRow>().CountAsync())).Should().Be(1);
    }

    [Fact]
    public async Task A_time_between_two_that_databases_can_keep_is_the_later_one()
    {
        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("k"), o => o.At(clock.Now.AddTicks(1)));
            await db.SaveChangesAsync();
        });

        (await shop.QueryAsync(db => db.Set<ScheduleRow>().Select(row => row.DueAt).SingleAsync())).Should().Be(clock.Now.UtcDateTime.AddMicroseconds(1));
    }

    private Task ScheduleAsync(TimeSpan delay) => shop.InScopeAsync(async (db, bus) =>
    {
        bus.Publish(new OrderPlaced("k"), o => o.After(delay));
        await db.SaveChangesAsync();
    });

    private async Task<int> MoveAsync() => (await shop.Services.GetRequiredService<EfMessageStore<ShopDb>>().Schedule.MoveDueAsync(100, default)).Moved;

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
