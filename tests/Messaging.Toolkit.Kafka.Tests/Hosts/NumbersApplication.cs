using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Kafka.Tests.Cluster;
using Messaging.Toolkit.Outbox;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Toolkit.Kafka.Tests.Hosts;

/// <summary>An application that counts: PostgreSQL below, Kafka between, one endpoint. Several processes may run it.</summary>
/// <param name="Database">The name of its database.</param>
/// <param name="BootstrapServers">Where the cluster is.</param>
/// <param name="Prefix">Of its topic and its group.</param>
internal sealed record NumbersApplication(string Database, string BootstrapServers, string Prefix)
{
    public const int Partitions = 12;

    /// <summary>Events and commands share it: the numbers of a key are counted over both.</summary>
    public const string Topic = "numbers";

    private static readonly TimeSpan ShortestDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(500);

    public Action<KafkaOptions> Configure { get; init; } = _ => { };

    /// <summary>The first attempt at one in so many messages fails; 0 for none.</summary>
    public int FailOneIn { get; init; }

    /// <summary>Whether any attempt may fail, not the first alone, and what has failed is parked until the next one.</summary>
    public bool Parks { get; init; }

    /// <summary>Whether the database has how far the endpoint is in each partition.</summary>
    public bool OffsetsInDatabase { get; init; }

    /// <summary>How long each message takes.</summary>
    public TimeSpan Slow { get; init; }

    /// <summary>Whether the endpoint runs here; if not, this process only publishes.</summary>
    public bool Handles { get; init; } = true;

    public Action<OutboxOptions> Outbox { get; init; } = _ => { };

    /// <summary>Makes one with its topic.</summary>
    public static async Task<NumbersApplication> NewAsync(MockCluster? mock = null)
    {
        var options = Server.Options(mock);
        await Server.CreateAsync(mock ?? Server.Mock, [options.Prefix + Topic], Partitions);
        return new($"kafka_{Guid.CreateVersion7():N}", options.BootstrapServers, options.Prefix);
    }

    public IHost Build(ILoggerProvider log)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders().AddProvider(log);
        builder.Services.AddSingleton(new Failures(FailOneIn, Slow, Parks));
        builder.Services.AddHealthChecks().AddCheck<MessagingHealthCheck>("messaging");
        builder.Services.AddDbContext<NumbersDb>(options => options.UseNpgsql(
            new NpgsqlConnectionStringBuilder(Environment.GetEnvironmentVariable("MESSAGING_TEST_POSTGRES")) { Database = Database }.ConnectionString));
        builder.Services.AddMessaging(messaging =>
        {
            messaging
                .UseEntityFrameworkCore<NumbersDb>()
                .UseKafka(options =>
                {
                    options.BootstrapServers = BootstrapServers;
                    options.Prefix = Prefix;
                    options.EventTopic = _ => Topic;
                    options.CommandTopic = _ => Topic;
                    options.OffsetsInDatabase = OffsetsInDatabase;
                    foreach (var (name, value) in Server.Quick)
                    {
                        options.ConsumerProperties[name] = value;
                    }

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
