using System.Diagnostics;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Kafka.Tests.Cluster;
using Messaging.Toolkit.Kafka.Tests.Hosts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using RabbitMQ.Client;

namespace Messaging.Toolkit.Kafka.Tests.Beside;

/// <summary>One application over RabbitMQ and two clusters of Kafka: what is wanted comes over Kafka, is booked over RabbitMQ, and is told over both clusters.</summary>
internal sealed class BookingsHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly Uri Broker = new(Environment.GetEnvironmentVariable("MESSAGING_TEST_RABBITMQ")
        ?? throw new InvalidOperationException("MESSAGING_TEST_RABBITMQ is not set: run eng/test, or eval \"$(eng/servers env)\" after eng/servers start."));

    private readonly Warnings warnings = new();
    private readonly string database = $"beside_{Guid.CreateVersion7():N}";
    private readonly string prefix = $"t{Environment.ProcessId}-{Guid.CreateVersion7():N}.";
    private readonly MockCluster kafka = new();
    private readonly MockCluster audit = new();
    private readonly IHost host;

    private BookingsHost()
    {
        foreach (var topic in new[] { "wanted", "booked", "starts.commands", "ends.commands", "inquiries.commands" })
        {
            kafka.CreateTopic(topic, 4);
        }

        audit.CreateTopic("audited", 4);
        audit.CreateTopic("audits.commands", 4);
        host = Build();
    }

    /// <summary>Whether nobody gets a connection to RabbitMQ.</summary>
    public bool IsRabbitMQDown { get; set; }

    public static async Task<BookingsHost> StartAsync(bool withRabbitMQ = true)
    {
        var bookings = new BookingsHost { IsRabbitMQDown = !withRabbitMQ };
        await bookings.InScopeAsync(async (db, _) => await db.Database.EnsureCreatedAsync());
        await bookings.host.StartAsync();
        return bookings;
    }

    public void TakeKafkaDown() => kafka.Brokers.ToList().ForEach(kafka.SetDown);

    public void BringKafkaUp() => kafka.Brokers.ToList().ForEach(kafka.SetUp);

    /// <summary>Wants that many, in turn for so many keys.</summary>
    public Task WantAsync(int messages, int keys) => InScopeAsync(async (db, bus) =>
    {
        foreach (var number in Enumerable.Range(0, messages))
        {
            bus.Publish(new Wanted($"key-{number % keys}", number));
        }

        await db.SaveChangesAsync();
    });

    /// <summary>Books, without being asked.</summary>
    public Task BookAsync(int messages) => InScopeAsync(async (db, bus) =>
    {
        foreach (var number in Enumerable.Range(0, messages))
        {
            bus.Send(new Book("key", number));
        }

        await db.SaveChangesAsync();
    });

    public async Task<T> WithAsync<TService, T>(Func<TService, Task<T>> work) where TService : notnull
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<TService>());
    }

    /// <summary>Waits until an endpoint has handled so many, and returns them in their order.</summary>
    public async Task<IReadOnlyList<Entry>> HandledAsync(string endpoint, int count)
    {
        var watch = Stopwatch.StartNew();
        while (await QueryAsync(db => db.Entries.CountAsync(entry => entry.Endpoint == endpoint)) is var handled && handled < count)
        {
            watch.Elapsed.Should().BeLessThan(Patience, "'{0}' has handled {1} of {2}; the last warnings were\n{3}\n", endpoint, handled, count, warnings);
            await Task.Delay(50);
        }

        return await QueryAsync(db => db.Entries.AsNoTracking().Where(entry => entry.Endpoint == endpoint).OrderBy(entry => entry.Id).ToListAsync());
    }

    public Task<int> DeadLettersAsync() => QueryAsync(db => db.Set<DeadLetterRow>().CountAsync());

    /// <summary>How many messages of a type wait in the outbox.</summary>
    public Task<int> WaitingAsync(string type) => QueryAsync(db => db.Set<OutboxRow>().CountAsync(row => row.Type == type));

    public async Task<HealthReportEntry> HealthAsync() => (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["messaging"];

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await host.StopAsync(patience.Token);
        await InScopeAsync(async (db, _) => await db.Database.EnsureDeletedAsync());
        host.Dispose();
        kafka.Dispose();
        audit.Dispose();
        await CleanAsync();
    }

    private IHost Build()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders().AddProvider(warnings);
        builder.Services.AddHealthChecks().AddCheck<MessagingHealthCheck>("messaging");
        builder.Services.AddDbContext<BookingsDb>(options => options.UseNpgsql(
            new NpgsqlConnectionStringBuilder(Environment.GetEnvironmentVariable("MESSAGING_TEST_POSTGRES")) { Database = database }.ConnectionString));
        builder.Services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<BookingsDb>()
            .UseKafka(options => Configure(options, kafka))
            .UseKafka("audit", options => Configure(options, audit))
            .UseRabbitMQ(options =>
            {
                options.Uri = Broker;
                options.Prefix = prefix;
                options.Connection = _ => Open();
            })
            .Outbox(outbox => outbox.MaxBackoff = TimeSpan.FromSeconds(1))
            .Event<Wanted>(e => e.Named("wanted").KeyedBy(m => m.Key))
            .Command<Book>(c => c.Named("book").To("books").KeyedBy(m => m.Key))
            .Event<Booked>(e => e.Named("booked").KeyedBy(m => m.Key))
            .Event<Audited>(e => e.Named("audited").KeyedBy(m => m.Key).Via("audit"))
            .Command<Check>(c => c.Named("check").To("books"))
            .Event<Checked>(e => e.Named("checked"))
            .Endpoint("starts", e => e.Handle<Wanted, BookingHandlers>())
            .Endpoint("books", e => e.Via("rabbitmq").Handle<Book, BookingHandlers>().Handle<Check, BookingHandlers>())
            .Endpoint("ends", e => e.Handle<Booked, BookingHandlers>())
            .Endpoint("audits", e => e.Handle<Audited, BookingHandlers>())
            .Endpoint("inquiries", e => e.Saga<InquirySaga>()));
        return builder.Build();
    }

    private static void Configure(KafkaOptions options, MockCluster cluster)
    {
        options.BootstrapServers = cluster.BootstrapServers;
        foreach (var (name, value) in Server.Quick)
        {
            options.ConsumerProperties[name] = value;
        }
    }

    private void Open()
    {
        if (IsRabbitMQDown)
        {
            throw new IOException("There is nobody at that address.");
        }
    }

    private async Task<T> QueryAsync<T>(Func<BookingsDb, Task<T>> query) => await WithAsync(query);

    private async Task InScopeAsync(Func<BookingsDb, IMessageBus, Task> work)
    {
        await using var scope = host.Services.CreateAsyncScope();
        await work(scope.ServiceProvider.GetRequiredService<BookingsDb>(), scope.ServiceProvider.GetRequiredService<IMessageBus>());
    }

    /// <summary>Deletes what the application has declared in the broker, which others use too.</summary>
    private async Task CleanAsync()
    {
        await using var connection = await new ConnectionFactory { Uri = Broker }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        foreach (var queue in new[] { "books", "dead-letters" })
        {
            await channel.QueueDeleteAsync(prefix + queue);
        }

        foreach (var exchange in new[] { "books:commands", "dead-letters" })
        {
            await channel.ExchangeDeleteAsync(prefix + exchange);
        }
    }
}
