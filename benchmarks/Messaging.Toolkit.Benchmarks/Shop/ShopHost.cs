using Messaging.Toolkit.Benchmarks.Brokers;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Benchmarks.Shop;

/// <summary>The shop over one database, its contexts pooled, its warnings on the standard error.</summary>
internal sealed class ShopHost : IAsyncDisposable
{
    /// <summary>The endpoint that handles orders.</summary>
    public const string Endpoint = "billing";

    private readonly IHost host;

    private ShopHost(IHost host) => this.host = host;

    /// <summary>The floor's: EF alone.</summary>
    public static Task<ShopHost> CreatePlainAsync(BenchmarkDatabase database) => CreateAsync(database, new Tally(0), configure: null);

    /// <summary>Publishes and leaves relaying to others.</summary>
    public static Task<ShopHost> CreatePublisherAsync(BenchmarkDatabase database, BenchmarkBroker? broker = null)
        => CreateAsync(database, new Tally(0), messaging => Handle<NoopHandler>(Connect(messaging, broker)).Outbox(outbox => outbox.RelayHere = false));

    /// <summary>Relays to the broker, once it is started, and handles nothing.</summary>
    public static Task<ShopHost> CreateRelayAsync(BenchmarkDatabase database, BenchmarkBroker broker)
        => CreateAsync(database, new Tally(0), messaging => Connect(messaging, broker));

    /// <summary>Publishes, relays and handles, once it is started.</summary>
    public static Task<ShopHost> CreateAsync<THandler>(BenchmarkDatabase database, Tally tally, BenchmarkBroker? broker = null, int concurrency = Workers.Count) where THandler : class, IHandle<OrderPlaced>
        => CreateAsync(database, tally, messaging => Handle<THandler>(Connect(messaging, broker), concurrency));

    /// <summary>Runs sagas and the service that they command, once it is started.</summary>
    public static Task<ShopHost> CreateSagasAsync(BenchmarkDatabase database)
        => CreateAsync(database, new Tally(0), messaging => messaging
            .UseEntityFrameworkCore<ShopDb>()
            .Command<DoStep>(c => c.Named("bench.do-step").To("service").KeyedBy(m => m.Number))
            .Event<StepDone>(e => e.Named("bench.step-done"))
            .Endpoint("service", e => e.Handle<DoStep, DoStepHandler>().Concurrency(Workers.Count))
            .Endpoint("sagas", e => e.Saga<DeliverySaga>().Concurrency(Workers.Count)));

    /// <summary>Runs process managers on orders, once it is started.</summary>
    public static Task<ShopHost> CreateProcessesAsync(BenchmarkDatabase database, Tally tally, BenchmarkBroker broker)
        => CreateAsync(database, tally, messaging => Connect(messaging, broker).Endpoint(Endpoint, e => e.Process<ThreeOrders>().Concurrency(Workers.Count)));

    public Task StartAsync() => host.StartAsync();

    /// <summary>Starts a saga, in a scope of its own.</summary>
    public async Task StartSagaAsync(int number)
    {
        await using var scope = host.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<ISagas>().Start<DeliverySaga, Delivery>(new Delivery { Number = number });
        await scope.ServiceProvider.GetRequiredService<ShopDb>().SaveChangesAsync();
    }

    public async Task WaitForSagasAsync(int count)
    {
        while (await QueryAsync(db => db.Set<SagaRow>().CountAsync(saga => saga.Status == SagaStatus.Completed)) < count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }

    /// <summary>A transaction of some rows, in a scope of its own.</summary>
    public async Task WriteRowsAsync(int number, int rows)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ShopDb>();
        db.Invoices.AddRange(Enumerable.Range(0, rows).Select(row => new Invoice { Customer = row, Number = number }));
        await db.SaveChangesAsync();
    }

    public Task StopAsync() => host.StopAsync();

    /// <summary>A transaction with one row, in a scope of its own.</summary>
    public async Task PlaceOrderAsync(int number)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ShopDb>();
        AddOrder(db, number);
        await db.SaveChangesAsync();
    }

    /// <summary>The same with a message.</summary>
    public async Task PlaceOrderAndPublishAsync(int number)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ShopDb>();
        AddOrder(db, number);
        scope.ServiceProvider.GetRequiredService<IMessageBus>().Publish(OrderPlaced.Create(number));
        await db.SaveChangesAsync();
    }

    /// <summary>What <see cref="InvoiceHandler"/> does, by EF alone.</summary>
    public async Task WriteInvoiceAsync(int number)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ShopDb>();
        db.Invoices.Add(new Invoice { Customer = number % OrderPlaced.Customers, Number = number });
        await db.SaveChangesAsync();
    }

    /// <summary>The same for many messages in one transaction, with the claims by which they are handled once.</summary>
    public async Task WriteInvoicesAndClaimsAsync(IEnumerable<ReceivedMessage> messages)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ShopDb>();
        var now = DateTime.UtcNow;
        foreach (var message in messages)
        {
            db.Add(new ClaimRow { Endpoint = Endpoint, MessageId = message.Id, ClaimedAt = now });
            db.Add(new Invoice { Customer = message.Order.Customer, Number = message.Order.Number });
        }

        await db.SaveChangesAsync();
    }

    /// <summary>Fills the outbox, a page of messages in each transaction.</summary>
    public async Task PublishManyAsync(int messages)
    {
        foreach (var page in Enumerable.Range(0, messages).Chunk(1_000))
        {
            await using var scope = host.Services.CreateAsyncScope();
            var bus = scope.ServiceProvider.GetRequiredService<IMessageBus>();
            foreach (var number in page)
            {
                bus.Publish(OrderPlaced.Create(number));
            }

            await scope.ServiceProvider.GetRequiredService<ShopDb>().SaveChangesAsync();
        }
    }

    public async Task WaitUntilOutboxIsEmptyAsync()
    {
        while (await QueryAsync(db => db.Set<OutboxRow>().AnyAsync()))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }

    public async Task VerifyAsync(int orders = 0, int invoices = 0, int outbox = 0, int claims = 0)
    {
        Check.Equal(orders, await QueryAsync(db => db.Orders.CountAsync()), "orders");
        Check.Equal(invoices, await QueryAsync(db => db.Invoices.CountAsync()), "invoices");
        Check.Equal(outbox, await QueryAsync(db => db.Set<OutboxRow>().CountAsync()), "messages in the outbox");
        Check.Equal(claims, await QueryAsync(db => db.Set<ClaimRow>().CountAsync()), "claims");
        Check.Equal(0, await QueryAsync(db => db.Set<DeadLetterRow>().CountAsync()), "dead letters");
    }

    public async Task VerifySagasAsync(int completed, int entriesOfHistory)
    {
        Check.Equal(completed, await QueryAsync(db => db.Set<SagaRow>().CountAsync(saga => saga.Status == SagaStatus.Completed)), "completed sagas");
        Check.Equal(entriesOfHistory, await QueryAsync(db => db.Set<SagaHistoryRow>().CountAsync()), "entries of history");
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }

    private static async Task<ShopHost> CreateAsync(BenchmarkDatabase database, Tally tally, Action<MessagingBuilder>? configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton(tally).AddDbContextPool<ShopDb>(database.Configure);
        if (configure is not null)
        {
            builder.Services.AddMessaging(configure);
        }

        var host = new ShopHost(builder.Build());
        await host.QueryAsync(db => db.Database.EnsureCreatedAsync());
        await host.FinishModelAsync();
        return host;
    }

    /// <summary>EF finishes its model when it is first used, and fails some of those who are the first at the same moment.</summary>
    private Task FinishModelAsync() => QueryAsync(db => Task.FromResult(db.Model.GetRelationalModel()));

    private static MessagingBuilder Connect(MessagingBuilder messaging, BenchmarkBroker? broker)
    {
        messaging.UseEntityFrameworkCore<ShopDb>().Event<OrderPlaced>(e => e.Named(OrderPlaced.Name).KeyedBy(m => m.Customer));
        return broker is null ? messaging : broker.Connect(messaging);
    }

    private static MessagingBuilder Handle<THandler>(MessagingBuilder messaging, int concurrency = Workers.Count) where THandler : class, IHandle<OrderPlaced>
        => messaging.Endpoint(Endpoint, e => e.Handle<OrderPlaced, THandler>().Concurrency(concurrency));

    private static void AddOrder(ShopDb db, int number)
        => db.Orders.Add(new Order { Id = Guid.CreateVersion7(), Customer = number % OrderPlaced.Customers, Number = number });

    private async Task<T> QueryAsync<T>(Func<ShopDb, Task<T>> query)
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await query(scope.ServiceProvider.GetRequiredService<ShopDb>());
    }
}
