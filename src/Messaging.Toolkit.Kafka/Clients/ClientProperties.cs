using System.Globalization;
using Confluent.Kafka;

namespace Messaging.Toolkit.Kafka.Clients;

/// <summary>The configuration of clients: first what is a good default, then what the application says, last what the toolkit depends on.</summary>
internal static class ClientProperties
{
    private const int LeastFetch = 1024 * 1024;

    public static Dictionary<string, string> OfProducer(KafkaOptions options)
    {
        var properties = New(options, options.ProducerProperties, new()
        {
            ["linger.ms"] = "5",
            ["partitioner"] = "murmur2_random", // As Java's client does it, so that a key has one partition whoever sends it.
        });
        properties["message.max.bytes"] = Text(options.MaxMessageBytes);
        properties["acks"] = "all";
        properties["enable.idempotence"] = "true";
        properties["enable.gapless.guarantee"] = "true"; // A message that fails for good is fatal: what is behind it must not overtake it.
        properties["message.timeout.ms"] = "0"; // Never: one that is given up is overtaken. The sender watches over confirms itself.
        properties["dotnet.producer.enable.background.poll"] = "false"; // The transport has its own thread for that.
        properties["dotnet.producer.delivery.report.fields"] = "key"; // The key is the slot of the message; more would be copied.
        return properties;
    }

    public static Dictionary<string, string> OfConsumer(KafkaOptions options, string group)
    {
        var isClassic = options.GroupProtocol == GroupProtocol.Classic;
        var defaults = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["auto.offset.reset"] = "earliest",
            ["auto.commit.interval.ms"] = "1000",
            ["fetch.wait.max.ms"] = "100", // A partition that is resumed is not fetched before the last request for the others is answered.
            ["queued.min.messages"] = "1000",
            ["queued.max.messages.kbytes"] = "16384",
            ["fetch.message.max.bytes"] = Text(Math.Max(LeastFetch, options.MaxMessageBytes)),
        };
        if (isClassic)
        {
            // With the other protocol the broker says them.
            defaults["session.timeout.ms"] = "15000";
            defaults["heartbeat.interval.ms"] = "1000";
        }

        var properties = New(options, options.ConsumerProperties, defaults);
        properties["group.id"] = group;
        properties["enable.auto.commit"] = "true";
        properties["enable.auto.offset.store"] = "false";
        if (isClassic)
        {
            properties["partition.assignment.strategy"] = "cooperative-sticky";
        }
        else
        {
            properties["group.protocol"] = "consumer";
        }

        if (options.InstanceId is { } instance)
        {
            properties["group.instance.id"] = instance;
        }

        return properties;
    }

    /// <summary>What a client says of its configuration, without the values in it.</summary>
    public static string Censor(string text, IEnumerable<string> values)
        => values.Where(value => value.Length > 0).OrderByDescending(value => value.Length).Aggregate(text, (censored, value) => censored.Replace($"\"{value}\"", "\"…\"", StringComparison.Ordinal));

    private static Dictionary<string, string> New(KafkaOptions options, IDictionary<string, string> own, Dictionary<string, string> properties)
    {
        properties["client.id"] = AppDomain.CurrentDomain.FriendlyName;
        foreach (var (name, value) in options.Properties.Concat(own))
        {
            properties[name] = value;
        }

        properties["bootstrap.servers"] = options.BootstrapServers;
        return properties;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
