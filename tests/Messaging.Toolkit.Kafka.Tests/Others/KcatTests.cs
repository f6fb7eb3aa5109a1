using System.Collections.Concurrent;
using Messaging.Toolkit.Kafka.Tests.Cluster;
using Messaging.Toolkit.Kafka.Tests.Hosts;
using Messaging.Toolkit.Messages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Kafka.Tests.Others;

/// <summary>What others send is handled here, and what is sent here others can read.</summary>
public sealed class KcatTests : IAsyncLifetime
{
    private const string Id = "0197b0d2-0000-7000-8000-000000000001";

    private readonly KafkaOptions options = Server.Options();
    private readonly string file = Path.Combine(Path.GetTempPath(), $"kcat-{Guid.NewGuid():N}.db");
    private readonly Seen seen = new();
    private IHost? host;

    private string Topic => options.Prefix + "counted";

    [KcatFact]
    public async Task What_kcat_has_sent_is_handled_with_its_key_and_its_headers()
    {
        await Kcat.RunAsync("""{"key":"änn","number":7}""", "-P", "-b", options.BootstrapServers, "-t", Topic, "-k", "änn",
            "-H", "ce_specversion=1.0", "-H", "ce_type=counted", "-H", $"ce_id={Id}", "-H", "ce_source=/kcat", "-H", "content-type=application/json", "-H", "tenant=nörth");

        await Eventually.IsAsync(() => !seen.Messages.IsEmpty);
        var (message, envelope) = seen.Messages.Single();
        message.Should().Be(new Counted("änn", 7));
        (envelope.Id, envelope.Key, envelope.Source, envelope.ContentType).Should().Be((Guid.Parse(Id), "änn", "/kcat", "application/json"));
        envelope.Headers.Should().Contain("tenant", "nörth");
    }

    [KcatFact]
    public async Task What_has_no_headers_at_all_is_of_the_event_whose_topic_it_is()
    {
        await Kcat.RunAsync("""{"key":"bob","number":8}""", "-P", "-b", options.BootstrapServers, "-t", Topic, "-k", "bob");

        await Eventually.IsAsync(() => !seen.Messages.IsEmpty);
        seen.Messages.Single().Message.Should().Be(new Counted("bob", 8));
    }

    [KcatFact]
    public async Task What_was_sent_here_is_read_by_kcat_with_its_key_its_headers_and_its_body()
    {
        await using (var scope = host!.Services.CreateAsyncScope())
        {
            scope.ServiceProvider.GetRequiredService<IMessageBus>().Publish(new Counted("cid", 9), publish => publish.Headers["tenant"] = "south");
            await scope.ServiceProvider.GetRequiredService<NumbersDb>().SaveChangesAsync();
        }

        await Eventually.IsAsync(() => !seen.Messages.IsEmpty);
        var lines = (await Kcat.RunAsync("", "-C", "-b", options.BootstrapServers, "-t", Topic, "-o", "beginning", "-e", "-q", "-f", "%k\n%h\n%s\n")).Split('\n');

        lines[0].Should().Be("cid");
        lines[2].Should().Be("""{"key":"cid","number":9}""");
        lines[1].Split(',').Should().Contain(["ce_specversion=1.0", "ce_type=counted", $"ce_id={seen.Messages.Single().Envelope.Id}", "ce_partitionkey=cid", "content-type=application/json", "tenant=south"]);
    }

    public async Task InitializeAsync()
    {
        await Server.CreateAsync(Server.Mock, [Topic, options.Prefix + "counter.commands"]);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(seen);
        builder.Services.AddDbContext<NumbersDb>(db => db.UseSqlite($"Data Source={file};Pooling=False"));
        builder.Services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<NumbersDb>()
            .UseKafka(kafka =>
            {
                kafka.BootstrapServers = options.BootstrapServers;
                kafka.Prefix = options.Prefix;
                kafka.OffsetsInDatabase = true;
                foreach (var (name, value) in options.ConsumerProperties)
                {
                    kafka.ConsumerProperties[name] = value;
                }
            })
            .Event<Counted>(e => e.Named("counted").KeyedBy(m => m.Key))
            .Endpoint("counter", e => e.Handle<Counted, SeenHandler>()));
        host = builder.Build();
        await using var scope = host.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<NumbersDb>().Database.EnsureCreatedAsync();
        await host.StartAsync();
    }

    public async Task DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await host!.StopAsync(patience.Token);
        host.Dispose();
        File.Delete(file);
    }

    private sealed class Seen
    {
        public ConcurrentQueue<(Counted Message, MessageEnvelope Envelope)> Messages { get; } = new();
    }

    private sealed class SeenHandler(Seen seen) : IHandle<Counted>
    {
        public Task HandleAsync(Counted message, MessageContext context, CancellationToken cancellationToken)
        {
            seen.Messages.Enqueue((message, context.Envelope));
            return Task.CompletedTask;
        }
    }
}
