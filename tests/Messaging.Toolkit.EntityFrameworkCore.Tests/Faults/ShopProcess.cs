using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>A shop in a process of its own, which can be killed, frozen and thawed. The program is this assembly itself.</summary>
public sealed class ShopProcess : IDisposable
{
    public const int Keys = 16;
    private const int Stop = 19;
    private const int Continue = 18;

    private readonly Process process;

    private ShopProcess(Process process) => this.process = process;

    public int Id => process.Id;

    /// <summary>Starts a process that handles, and that publishes so many transactions; returns when its host has started.</summary>
    public static async Task<ShopProcess> StartAsync(TestDatabase database, int seed, int transactions)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            ArgumentList =
            {
                typeof(ShopProcess).Assembly.Location, database.Kind.ToString(), database.ConnectionString,
                seed.ToString(CultureInfo.InvariantCulture), transactions.ToString(CultureInfo.InvariantCulture),
            },
        };
        var shop = new ShopProcess(Process.Start(start)!);
        var line = await shop.process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return line == "started" ? shop : throw new InvalidOperationException($"The child process said '{line}'.");
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

    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Freeze() => Signal(Stop);

    public void Thaw() => Signal(Continue);

    /// <summary>Asks for a graceful stop and waits for it.</summary>
    public async Task StopAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
    }

    /// <summary>The program of the child.</summary>
    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [var kind, var connectionString, var seed, var transactions])
        {
            return 2;
        }

        await using var database = new AttachedDatabase(Enum.Parse<DatabaseKind>(kind), connectionString);
        await using var shop = await ShopHost.StartAsync(database, Configure);
        Console.WriteLine("started");
        var asked = Task.Run(Console.In.ReadToEnd); // Ends when the parent says so or is gone. The console has no reads that do not block.
        var random = new Random(int.Parse(seed, CultureInfo.InvariantCulture));
        for (var left = int.Parse(transactions, CultureInfo.InvariantCulture); left > 0 && !asked.IsCompleted; left--)
        {
            await PlaceAsync(shop, random.Next(Keys));
        }

        await asked;
        await shop.StopAsync();
        return 0;
    }

    private void Signal(int signal)
    {
        if (Send(process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} failed: {Marshal.GetLastPInvokeError()}.");
        }

        [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
        static extern int Send(int process, int signal);
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
