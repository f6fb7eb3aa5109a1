using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Parking;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>Clocks that jump an hour either way, that of a process and that of the database: nothing fires early or twice, and a process steals no lease.</summary>
public sealed class ClockJumpTests : IAsyncLifetime
{
    private const int Keys = 8;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private TestDatabase database = null!;
    private ShopHost observer = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        observer = await ShopHost.CreateAsync(database, Configure);
    }

    public async Task DisposeAsync()
    {
        await observer.DisposeAsync();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task The_clock_of_a_process_jumps_and_nothing_comes_of_it(int hours)
    {
        var clock = new Clock();
        await using var steady = await StartAsync(TimeProvider.System);
        await using var jumping = await StartAsync(clock);
        await ShareAsync();
        await PublishAsync(jumping, 1, "late"); // Fails, and waits for its second attempt.
        await ScheduleAsync(jumping, 90, 30);
        await Verdict.EventuallyAsync(async () => (await ParkedAsync()).Count == 1, "a message that waits");
        var before = (Owners: await OwnersAsync(), Due: (await ParkedAsync()).Select(row => row.DueAt).ToList());

        clock.Ahead = hours * Hour;
        for (var number = 1; number <= 10; number++)
        {
            await PublishAsync(number % 2 == 0 ? steady : jumping, number, [.. Enumerable.Range(0, Keys).Select(key => $"key-{key}")]);
        }

        await ScheduleAsync(jumping, 40, 20);
        await RenewedAsync(3);
        await Verdict.EventuallyAsync(async () => (await observer.EffectsAsync()).Count >= 10 * Keys, "the effects of what was not to wait");

        (await OwnersAsync()).Should().BeEquivalentTo(before.Owners, "each has the buckets that it had");
        steady.Log.Lines.Concat(jumping.Log.Lines).Should().NotContain(line => line.Id == 11, "no lease was lost");
        (await ParkedAsync()).Select(row => row.DueAt).Should().Equal(before.Due);
        (await observer.QueryAsync(db => db.Set<ScheduleRow>().CountAsync())).Should().Be(4);
        (await DueInMinutesAsync()).Should().Equal([20, 30, 40, 90], "delays are counted by the database's clock");
        await ShouldBeInOrderAsync(10);
    }

    /// <summary>
    /// By a database that is an hour ahead every lease has run out, so that processes may take each other's buckets for a third of a lease.
    /// Effects stay once and in order all the same.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task The_clock_of_the_database_jumps_and_what_is_not_due_by_it_waits(int hours)
    {
        await observer.QueryAsync(db => db.Database.ExecuteSqlRawAsync(
            """
            CREATE SCHEMA clock;
            CREATE TABLE clock.shift (ahead interval NOT NULL);
            INSERT INTO clock.shift VALUES ('0');
            CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM clock.shift';
            """));
        var connectionString = new NpgsqlConnectionStringBuilder(database.ConnectionString) { SearchPath = "clock, pg_catalog, public" }.ConnectionString;
        await using var one = await StartAsync(TimeProvider.System, connectionString);
        await using var other = await StartAsync(TimeProvider.System, connectionString);
        await ShareAsync();
        await PublishAsync(one, 1, "late");
        await ScheduleAsync(one, 90, 30);
        await Verdict.EventuallyAsync(async () => (await ParkedAsync()).Count == 1, "a message that waits");

        for (var number = 1; number <= 20; number++)
        {
            await PublishAsync(number % 2 == 0 ? one : other, number, [.. Enumerable.Range(0, Keys).Select(key => $"key-{key}")]);
            if (number == 10)
            {
                await observer.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE clock.shift SET ahead = {hours * Hour}"));
            }
        }

        var early = hours > 0 ? 1 : 0; // By the new time half an hour is over, and one and a half are not.
        await Verdict.EventuallyAsync(async () => (await observer.EffectsAsync()).Count >= (20 * Keys) + early, "the effects of what was not to wait");
        await RenewedAsync(3);
        await ShareAsync();

        (await ParkedAsync()).Should().ContainSingle("its hour and a half is not over").Which.Attempts.Should().Be(1);
        (await observer.QueryAsync(db => db.Set<ScheduleRow>().CountAsync())).Should().Be(2 - early);
        (await observer.EffectsAsync()).Count(effect => effect.Key == "scheduled").Should().Be(early);
        await ShouldBeInOrderAsync(20);
    }

    [Fact]
    public async Task What_was_taken_when_the_clock_jumped_ahead_is_taken_again_and_takes_effect_once()
    {
        await using var embedded = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        var clock = new Clock();
        await using var shop = await ShopHost.CreateAsync(embedded, services: services => services.AddSingleton<TimeProvider>(clock).AddDbContext<ShopDb>(embedded.Configure));
        var store = shop.Services.GetRequiredService<EfMessageStore<ShopDb>>();
        var message = new ParkedMessage { Endpoint = "shop", MessageId = Guid.CreateVersion7(), Type = "t", Key = "key", Headers = "{}", Body = default };
        await store.Parking.ParkAsync(message, 2 * Hour, 10, default);

        clock.Ahead = Hour;
        (await TakeAsync()).Should().BeEmpty("an hour is missing");
        clock.Ahead = -Hour;
        (await TakeAsync()).Should().BeEmpty();
        clock.Ahead = 2 * Hour;
        var first = (await TakeAsync()).Should().ContainSingle().Which;
        (await TakeAsync()).Should().BeEmpty("it is taken");
        clock.Ahead = 3 * Hour;
        var second = (await TakeAsync()).Should().ContainSingle("its lease is over by the clock").Which;

        (await HandleAsync(second)).Should().Be(HandlingOutcome.Handled);
        (await HandleAsync(first)).Should().Be(HandlingOutcome.Duplicate);
        clock.Ahead = Hour;
        (await TakeAsync()).Should().BeEmpty();

        Task<IReadOnlyList<ParkedMessage>> TakeAsync() => store.Parking.TakeDueAsync(["shop"], 10, TimeSpan.FromMinutes(1), default);

        Task<HandlingOutcome> HandleAsync(ParkedMessage taken)
        {
            var envelope = new MessageEnvelope { Id = taken.MessageId, Type = taken.Type, Source = "/", Time = default, ContentType = "c", ConversationId = default, Key = taken.Key, Body = default };
            return store.Inbox.HandleParkedAsync(taken, envelope, (_, _, _, _) => Task.CompletedTask, default);
        }
    }

    private static void Configure(MessagingBuilder messaging) => Script.Of(
        call => call.Key == "late" ? throw new InvalidOperationException("Not now.") : Task.CompletedTask,
        e => e.OnFailure(f => f.RetryImmediately(0).ThenAfter(TimeSpan.FromMinutes(90))),
        m => m
            .Outbox(o =>
            {
                o.LeaseDuration = TimeSpan.FromSeconds(1.5);
                o.MaxPollInterval = TimeSpan.FromMilliseconds(100);
            })
            .Scheduling(s => s.PollInterval = TimeSpan.FromMilliseconds(200)))(messaging);

    private Task<ShopHost> StartAsync(TimeProvider time, string? connectionString = null) => ShopHost.StartAsync(database, Configure, services => services
        .AddSingleton(time)
        .AddDbContext<ShopDb>(options => options.UseNpgsql(connectionString ?? database.ConnectionString)));

    /// <summary>Waits until two processes have half of the buckets each.</summary>
    private Task ShareAsync() => Verdict.EventuallyAsync(async () => (await OwnersAsync()).CountBy(owner => owner.Value).Count(share => share.Value == 32) == 2, "equal shares");

    /// <summary>Waits until all leases have been renewed that often.</summary>
    private async Task RenewedAsync(int times)
    {
        for (; times > 0; times--)
        {
            var before = await ExpiriesAsync();
            await Verdict.EventuallyAsync(async () => (await ExpiriesAsync()) is var now && before.All(lease => !now.TryGetValue(lease.Key, out var at) || at != lease.Value), "leases that are renewed");
        }
    }

    private Task<Dictionary<string, DateTime?>> ExpiriesAsync() => observer.QueryAsync(db => db.Set<LeaseRow>()
        .Where(lease => lease.Name.StartsWith("bucket/")).ToDictionaryAsync(lease => lease.Name, lease => (DateTime?)lease.ExpiresAt));

    private Task<Dictionary<string, string>> OwnersAsync() => observer.QueryAsync(db => db.Set<LeaseRow>()
        .Where(lease => lease.Name.StartsWith("bucket/") && lease.Owner != null).ToDictionaryAsync(lease => lease.Name, lease => lease.Owner!));

    private Task<List<ParkedRow>> ParkedAsync() => observer.QueryAsync(db => db.Set<ParkedRow>().ToListAsync());

    private async Task<List<int>> DueInMinutesAsync()
    {
        var due = await observer.QueryAsync(db => db.Set<ScheduleRow>().OrderBy(row => row.DueAt).Select(row => row.DueAt).ToListAsync());
        return [.. due.Select(at => (int)Math.Ceiling((at - DateTime.UtcNow).TotalMinutes))];
    }

    private static Task PublishAsync(ShopHost shop, int number, params string[] keys) => shop.InScopeAsync(async (db, bus) =>
    {
        foreach (var key in keys)
        {
            bus.Publish(new OrderPlaced(key, number));
        }

        await db.SaveChangesAsync();
    });

    private static Task ScheduleAsync(ShopHost shop, params int[] minutes) => shop.InScopeAsync(async (db, bus) =>
    {
        foreach (var delay in minutes)
        {
            bus.Publish(new OrderPlaced("scheduled", delay), o => o.After(TimeSpan.FromMinutes(delay)));
        }

        await db.SaveChangesAsync();
    });

    private async Task ShouldBeInOrderAsync(int numbers)
    {
        var effects = (await observer.EffectsAsync()).ToLookup(effect => effect.Key!, effect => effect.Number);
        for (var key = 0; key < Keys; key++)
        {
            effects[$"key-{key}"].Should().Equal(Enumerable.Range(1, numbers));
        }
    }

    /// <summary>A wall clock that may be wrong. Its steady clock and its timers are right, as those of every machine.</summary>
    private sealed class Clock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;
    }
}
