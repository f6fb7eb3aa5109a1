using System.Collections.Concurrent;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;

/// <summary>A process of the shop: a host over a test database. Several on one database are several processes.</summary>
public sealed class ShopHost : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly IHost host;
    private bool stopped;

    private ShopHost(IHost host) => this.host = host;

    public IServiceProvider Services => host.Services;

    public LogRecorder Log => Services.GetRequiredService<LogRecorder>();

    public Handled Handled => Services.GetRequiredService<Handled>();

    /// <summary>Creates the tables if need be, and a host that is not started yet.</summary>
    public static async Task<ShopHost> CreateAsync(
        TestDatabase database, Action<MessagingBuilder>? messaging = null, Action<IServiceCollection>? services = null, Action<DbContextOptionsBuilder>? options = null,
        bool createTables = true)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        var log = new LogRecorder();
        builder.Services.AddSingleton(log).AddSingleton<Handled>();
        builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.Warning);
        if (services is null)
        {
            builder.Services.AddDbContext<ShopDb>(context =>
            {
                database.Configure(context);
                options?.Invoke(context);
            });
        }
        else
        {
            services(builder.Services);
        }

        builder.Services.AddMessaging(m =>
        {
            m.UseEntityFrameworkCore<ShopDb>();
            (messaging ?? Standard)(m);
        });
        var host = new ShopHost(builder.Build());
        if (!createTables)
        {
            return host;
        }

        await using var scope = host.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<ShopDb>().Database.EnsureCreatedAsync();
        return host;
    }

    /// <summary>A started host.</summary>
    public static async Task<ShopHost> StartAsync(
        TestDatabase database, Action<MessagingBuilder>? messaging = null, Action<IServiceCollection>? services = null, Action<DbContextOptionsBuilder>? options = null)
    {
        var host = await CreateAsync(database, messaging, services, options);
        await host.StartAsync();
        return host;
    }

    /// <summary>Orders are placed; billing charges the card; shipping and the shop itself hear of it.</summary>
    public static void Standard(MessagingBuilder messaging) => Messages(messaging)
        .Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>())
        .Endpoint("shop", e => e.Handle<OrderPlaced, OrderPlacedHandler>().Handle<CardCharged, CardChargedHandler>());

    /// <summary>The messages of <see cref="Standard"/> for tests with endpoints of their own.</summary>
    public static MessagingBuilder Messages(MessagingBuilder messaging) => messaging
        .Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(m => m.OrderId))
        .Command<ChargeCard>(c => c.Named("billing.charge-card").To("billing").KeyedBy(m => m.OrderId))
        .Event<CardCharged>(e => e.Named("billing.card-charged").KeyedBy(m => m.OrderId));

    public Task StartAsync() => host.StartAsync();

    /// <summary>Runs work in a scope of its own.</summary>
    public async Task InScopeAsync(Func<ShopDb, IMessageBus, Task> work)
    {
        await using var scope = Services.CreateAsyncScope();
        await work(scope.ServiceProvider.GetRequiredService<ShopDb>(), scope.ServiceProvider.GetRequiredService<IMessageBus>());
    }

    public async Task<T> QueryAsync<T>(Func<ShopDb, Task<T>> query)
    {
        await using var scope = Services.CreateAsyncScope();
        return await query(scope.ServiceProvider.GetRequiredService<ShopDb>());
    }

    public Task<List<OutboxRow>> OutboxAsync() => QueryAsync(db => db.Set<OutboxRow>().OrderBy(row => row.Id).ToListAsync());

    public Task<List<DeadLetterRow>> DeadLettersAsync() => QueryAsync(db => db.Set<DeadLetterRow>().ToListAsync());

    public Task<List<Effect>> EffectsAsync() => QueryAsync(db => db.Effects.OrderBy(effect => effect.Id).ToListAsync());

    /// <summary>Waits until handlers have been called that often, counting each call.</summary>
    public Task HandledAsync(int calls) => Handled.WaitAsync(calls).WaitAsync(Patience);

    /// <summary>Lets what runs finish and stops: afterwards nothing changes any more.</summary>
    public async Task StopAsync()
    {
        if (!stopped)
        {
            stopped = true;
            using var patience = new CancellationTokenSource(Patience);
            await host.StopAsync(patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        host.Dispose();
    }
}

/// <summary>What handlers were called with, in the order of the calls; and the way to wait for them.</summary>
public sealed class Handled
{
    private readonly Lock gate = new();
    private readonly List<(string Handler, string? Key, int Number)> calls = [];
    private readonly List<(int Count, TaskCompletionSource Source)> waiters = [];

    public IReadOnlyList<(string Handler, string? Key, int Number)> Calls
    {
        get
        {
            lock (gate)
            {
                return [.. calls];
            }
        }
    }

    public void Add(string handler, string? key, int number)
    {
        lock (gate)
        {
            calls.Add((handler, key, number));
            foreach (var (_, source) in waiters.Where(waiter => waiter.Count <= calls.Count))
            {
                source.TrySetResult();
            }
        }
    }

    public Task WaitAsync(int count)
    {
        lock (gate)
        {
            if (calls.Count >= count)
            {
                return Task.CompletedTask;
            }

            var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add((count, source));
            return source.Task;
        }
    }
}

/// <summary>Keeps every line that was logged.</summary>
public sealed class LogRecorder : ILoggerProvider
{
    private readonly ConcurrentQueue<(LogLevel Level, int Id, string Text, Exception? Exception)> lines = new();

    public IReadOnlyCollection<(LogLevel Level, int Id, string Text, Exception? Exception)> Lines => lines;

    public ILogger CreateLogger(string categoryName) => new Logger(lines);

    public void Dispose() { }

    private sealed class Logger(ConcurrentQueue<(LogLevel, int, string, Exception?)> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => lines.Enqueue((logLevel, eventId.Id, formatter(state, exception), exception));
    }
}
