using System.Globalization;
using Messaging.Toolkit.Kafka;
using Messaging.Toolkit.Kafka.Topics;

namespace Messaging.Toolkit.Simulations.Kafka.Client;

/// <summary>What the client reads of its configuration.</summary>
internal sealed class ConsumerSettings(string group, IReadOnlyCollection<TopicPlan> topics, KafkaOptions options)
{
    public string Group => group;

    public IReadOnlyCollection<string> Topics { get; } = [.. topics.Select(topic => topic.Name)];

    public TimeSpan RevocationPatience => options.RevocationPatience;

    public TimeSpan SessionTimeout { get; } = Read(options, "session.timeout.ms", TimeSpan.FromSeconds(15));

    public TimeSpan CommitInterval { get; } = Read(options, "auto.commit.interval.ms", TimeSpan.FromSeconds(1));

    private static TimeSpan Read(KafkaOptions options, string name, TimeSpan otherwise)
        => options.ConsumerProperties.TryGetValue(name, out var text) ? TimeSpan.FromMilliseconds(double.Parse(text, CultureInfo.InvariantCulture)) : otherwise;
}
