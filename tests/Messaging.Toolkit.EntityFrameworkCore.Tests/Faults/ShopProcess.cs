using System.Globalization;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>A shop in a process of its own. The program is this assembly itself.</summary>
internal static class ShopProcess
{
    public const int Keys = 16;

    /// <summary>Starts a process that handles, and that publishes so many transactions; returns when its host has started.</summary>
    public static async Task<ChildProgram> StartAsync(TestDatabase database, int seed, int transactions)
    {
        var shop = ChildProgram.Start(database.Kind, database.ConnectionString, seed, transactions);
        await shop.StartedAsync();
        return shop;
    }

    /// <summary>Leases short enough for tests.</summary>
    public static void Configure(MessagingBuilder messaging)
    {
        messaging.Outbox(o =>
        {
            o.LeaseDuration = TimeSpan.FromSeconds(1.5);
            o.MaxPollInterval = TimeSpan.FromMilliseconds(200);
        });
        ShopHost.Standard(messaging);
    }

    public static Guid OrderOf(int key) => new(key + 1, 0, 0, new byte[8]);

    public static Task CreateOrdersAsync(ShopHost shop) => shop.InScopeAsync(async (db, _) =>
    {
        db.Orders.AddRange(Enumerable.Range(0, Keys).Select(key => new Order { Id = OrderOf(key) }));
        await db.SaveChangesAsync();
    });

    /// <summary>One transaction: a new version of an order, and the message that says so with the version as its number.</summary>
    public static Task PlaceAsync(ShopHost shop, int key) => shop.InScopeAsync(async (db, bus) =>
    {
        var id = OrderOf(key);
        await using var transaction = await db.Database.BeginTransactionAsync();
        await db.Orders.Where(order => order.Id == id).ExecuteUpdateAsync(set => set.SetProperty(order => order.Version, order => order.Version + 1));
        var version = await db.Orders.Where(order => order.Id == id).Select(order => order.Version).SingleAsync();
        bus.Publish(new OrderPlaced($"order-{key}", version));
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
    });

    /// <summary>How many effects the committed transactions must have: one of each of the three handlers.</summary>
    public static async Task<int> EffectsOwedAsync(ShopHost shop) => 3 * await shop.QueryAsync(db => db.Orders.SumAsync(order => order.Version));

    /// <summary>For every key and handler: each committed version once, in order.</summary>
    public static async Task ShouldBeExactAsync(ShopHost shop)
    {
        var orders = await shop.QueryAsync(db => db.Orders.ToDictionaryAsync(order => order.Id, order => order.Version));
        var counts = Enumerable.Range(0, Keys).ToDictionary(key => $"order-{key}", key => orders[OrderOf(key)]);
        foreach (var handler in new[] { "order-placed", "charge-card", "card-charged" })
        {
            await shop.ShouldHaveHandledInOrderAsync(counts, handler);
        }
    }

    /// <summary>The program of the child.</summary>
    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is [Tours.Role, var sagasKind, var sagasConnectionString])
        {
            await using var sagasDatabase = new AttachedDatabase(Enum.Parse<DatabaseKind>(sagasKind), sagasConnectionString);
            await Tours.RunAsync(sagasDatabase);
            return 0;
        }

        if (arguments is [KeyOrderTests.Role, var failingKind, var failingConnectionString])
        {
            await using var failingDatabase = new AttachedDatabase(Enum.Parse<DatabaseKind>(failingKind), failingConnectionString);
            await KeyOrderTests.RunAsync(failingDatabase);
            return 0;
        }

        if (arguments is not [var kind, var connectionString, var seed, var transactions])
        {
            return 2;
        }

        await using var database = new AttachedDatabase(Enum.Parse<DatabaseKind>(kind), connectionString);
        await using var shop = await ShopHost.StartAsync(database, Configure);
        var asked = ChildProgram.RunAsync();
        var random = new Random(int.Parse(seed, CultureInfo.InvariantCulture));
        for (var left = int.Parse(transactions, CultureInfo.InvariantCulture); left > 0 && !asked.IsCompleted; left--)
        {
            await PlaceAsync(shop, random.Next(Keys));
        }

        await asked;
        await shop.StopAsync();
        return 0;
    }

    /// <summary>The parent's database. It goes with the parent.</summary>
    private sealed class AttachedDatabase(DatabaseKind kind, string connectionString) : TestDatabase
    {
        public override DatabaseKind Kind => kind;

        public override string ConnectionString => connectionString;

        public override void Configure(DbContextOptionsBuilder options) => _ = kind switch
        {
            DatabaseKind.Sqlite => options.UseSqlite(connectionString),
            DatabaseKind.PostgreSql => options.UseNpgsql(connectionString),
            _ => throw new ArgumentOutOfRangeException(nameof(options), kind, null),
        };

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
