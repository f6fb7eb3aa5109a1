using Messaging.Toolkit.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Samples.Hosting;

/// <summary>Kafka.</summary>
/// <param name="Address">Some brokers: <c>host:port</c>, separated by commas.</param>
/// <param name="Prefix">Put before the names of all topics and groups.</param>
public sealed record KafkaBroker(string Address, string Prefix) : Broker(Prefix)
{
    /// <summary>The topic of all events.</summary>
    public const string Events = "events";

    public override string Transport => "kafka";

    public override string Name => "Kafka";

    public override string Address { get; } = Address;

    /// <exception cref="SettingsException">There is no address of a broker.</exception>
    public static new KafkaBroker Read(IConfiguration configuration) => configuration.GetConnectionString("Kafka") is { } address && !string.IsNullOrWhiteSpace(address)
        ? new KafkaBroker(address, PrefixOf(configuration))
        : throw new SettingsException("There is no address of Kafka: set ConnectionStrings:Kafka to host:9092 in appsettings.json or as --ConnectionStrings:Kafka=...");

    public override void Configure(MessagingBuilder messaging) => messaging.UseKafka(kafka =>
    {
        kafka.BootstrapServers = Address;
        kafka.Prefix = Prefix;

        // A key has its order within a topic. Handlers here rely on the order in which things happened, whatever their types: so all events have one topic.
        kafka.EventTopic = _ => Events;

        // After a crash nobody handles what the dead process had until its session is over: with 6 s, the least that brokers allow
        // unless they are configured otherwise, instead of 15 s a restart goes to work sooner.
        kafka.ConsumerProperties["session.timeout.ms"] = "6000";
    });
}
