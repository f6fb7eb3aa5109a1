using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Samples.Hosting;

namespace Samples.Demo;

/// <summary>A share of Kafka for one run.</summary>
public sealed class DemoKafka : DemoBroker
{
    private const string ServerVariable = "MESSAGING_TEST_KAFKA";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DropLimit = TimeSpan.FromSeconds(3);

    private readonly KafkaBroker settings;
    private readonly IReadOnlyList<string> topics;

    private DemoKafka(KafkaBroker settings, IReadOnlyList<string> endpoints)
    {
        this.settings = settings;
        topics = [settings.Prefix + KafkaBroker.Events, .. endpoints.Select(endpoint => $"{settings.Prefix}{endpoint}.commands")];
    }

    public override Broker Settings => settings;

    /// <summary>Makes a new one with its topics.</summary>
    public static async Task<DemoKafka> NewAsync(IReadOnlyList<string> endpoints)
    {
        var servers = Environment.GetEnvironmentVariable(ServerVariable);
        if (string.IsNullOrEmpty(servers))
        {
            throw new DemoException($"{ServerVariable} names no broker: run this by eng/demo, which starts one.");
        }

        var broker = new DemoKafka(new KafkaBroker(servers, NewPrefix()), endpoints);
        await broker.CreateTopicsAsync();
        return broker;
    }

    /// <summary>Work can be given at once: topics keep it until somebody reads them.</summary>
    public override Task UntilConsumedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task DropAsync() => UseAsync(async admin =>
    {
        try
        {
            await admin.DeleteTopicsAsync(topics, new DeleteTopicsOptions { RequestTimeout = DropLimit });
        }
        catch (KafkaException exception) when (exception.Error.Code == ErrorCode.Local_TimedOut)
        {
            // The cluster of eng/servers has no controller that would do it: they are gone when it ends.
        }
    });

    /// <summary>
    /// The application would do it, were it not for the cluster of eng/servers: there nobody can, but a topic that somebody asks for is there from then on.
    /// A cluster that does not do so has the application create them.
    /// </summary>
    private Task CreateTopicsAsync() => UseAsync(admin =>
    {
        foreach (var topic in topics)
        {
            admin.GetMetadata(topic, Patience);
        }

        return Task.CompletedTask;
    });

    private async Task UseAsync(Func<IAdminClient, Task> use)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = settings.Address }).SetLogHandler((_, _) => { }).Build();
        try
        {
            admin.GetMetadata(Patience);
        }
        catch (KafkaException exception)
        {
            throw new DemoException($"Kafka at {settings.Address} cannot be reached: {exception.Error.Reason}.");
        }

        await use(admin);
    }
}
