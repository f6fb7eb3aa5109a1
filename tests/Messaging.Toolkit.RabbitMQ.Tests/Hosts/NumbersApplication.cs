using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Toolkit.RabbitMQ.Tests.Hosts;

/// <summary>An application that counts: PostgreSQL below, RabbitMQ between, one endpoint. Several processes may run it.</summary>
/// <param name="Database">The name of its database.</param>
/// <param name="Prefix">Of its queue and exchanges.</param>
internal sealed record NumbersApplication(string Database, string Prefix)
{
    private static readonly TimeSpan ShortestDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(500);

    public Action<RabbitMQOptions> Configure { get; init; } = _ => { };

    /// <summary>The first attempt at one in so many messages fails; 0 for none.</summary>
    public int FailOneIn { get; init; }

    /// <summary>Whether any attempt may fail, not the first alone, and what has failed is parked until the next one.</summary>
    public bool Parks { get; init; }

    /// <summary>Whether the endpoint runs here; if not, this process only publishes.</summary>
    public bool Handles { get; init; } = true;

    public Action<OutboxOptions> Outbox { get; init; } = _ => { };

    public static NumbersApplication New() => new($"rabbit_{Guid.CreateVersion7():N}", Server.NewPrefix());

    public IHost Build(ILoggerProvider log)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders().AddProvider(log);
        builder.Services.AddSingleton(new Failures(FailOneIn, Parks));
        builder.Services.AddHealthChecks().AddCheck<MessagingHealthCheck>("messaging");
        builder.Services.AddDbContext<NumbersDb>(options => options.UseNpgsql(
            new NpgsqlConnectionStringBuilder(Environment.GetEnvironmentVariable("MESSAGING_TEST_POSTGRES")) { Database = Database }.ConnectionString));
        builder.Services.AddMessaging(messaging =>
        {
            messaging
                .UseEntityFrameworkCore<NumbersDb>()
                .UseRabbitMQ(options =>
                {
                    options.Uri = Server.Uri;
                    options.Prefix = Prefix;
                    Configure(options);
                })
                .Outbox(Outbox)
                .Event<Counted>(e => e.Named("counted").KeyedBy(m => m.Key))
                .Command<Count>(c => c.Named("count").To("counter").KeyedBy(m => m.Key));
            if (Handles)
            {
                messaging.Endpoint("counter", e => e.Handle<Counted, CountHandler>().Handle<Count, CountHandler>().OnFailure(f =>
                {
                    if (Parks)
                    {
                        f.RetryImmediately(0).ThenBackOff(ShortestDelay, LongestDelay, 20);
                    }
                }));
            }
        });
        return builder.Build();
    }
}
