using System.Globalization;
using Confluent.Kafka;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Kafka.Clients;
using Messaging.Toolkit.Kafka.Topics;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Kafka;

/// <summary>How messages are brought over Kafka.</summary>
public sealed class KafkaOptions
{
    private const int LongestPrefix = 40;
    private const int LongestTopic = 249;
    private const string OffsetReset = "auto.offset.reset";

    private readonly Dictionary<string, Action<KafkaTopicOptions>> perTopic = new(StringComparer.Ordinal);

    /// <summary>Some brokers of the cluster, by which the client finds the others: <c>host:port</c>, separated by commas. Default <c>localhost:9092</c>.</summary>
    public string BootstrapServers { get; set; } = "localhost:9092";

    /// <summary>
    /// Properties of every client, as librdkafka names them: <c>security.protocol</c>, <c>sasl.mechanism</c>, <c>sasl.password</c>, <c>ssl.ca.location</c> and so on. They are
    /// passed on untouched. Refused are only those that delivery depends on; the message says which and why.
    /// </summary>
    public IDictionary<string, string> Properties { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Properties of those that send, beside and before <see cref="Properties"/>: <c>compression.type</c>, <c>linger.ms</c>, <c>partitioner</c>.</summary>
    public IDictionary<string, string> ProducerProperties { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Properties of those that receive, beside and before <see cref="Properties"/>: <c>session.timeout.ms</c>, <c>auto.offset.reset</c>, <c>client.rack</c>.</summary>
    public IDictionary<string, string> ConsumerProperties { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Put before the name of every topic and every consumer group, "test." for instance. Letters, digits, '.', '-' and '_'; at most 40. Default none.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>
    /// The topic of an event, by the event's name. Default: that name. Events that share a topic keep the order of a key
    /// among them; events with topics of their own do not.
    /// </summary>
    public Func<string, string> EventTopic { get; set; } = static name => name;

    /// <summary>
    /// The topic of what one endpoint alone gets, its commands and replies, by the endpoint's name. Default: that name and <c>.commands</c>.
    /// All applications that send to the endpoint must say the same. It may be the topic of events too.
    /// </summary>
    public Func<string, string> CommandTopic { get; set; } = static endpoint => endpoint + ".commands";

    /// <summary>
    /// The topic of an endpoint's dead letters, by the endpoint's name: a copy of each goes there too, with headers that say why (<see cref="DeadLetterHeaders"/>). The store
    /// has them all the same, and is where they are replayed and discarded; that takes no copy back. Several endpoints may have the same topic. Default null: there are no copies.
    /// </summary>
    public Func<string, string>? DeadLetterTopic { get; set; }

    /// <summary>The consumer group of an endpoint, by the endpoint's name. Default: that name.</summary>
    public Func<string, string> Group { get; set; } = static endpoint => endpoint;

    /// <summary>Whether topics that are missing are created. Default true. False for those who manage them themselves; then what is missing is an error when it is needed.</summary>
    public bool CreateTopics { get; set; } = true;

    /// <summary>How topics are created, unless <see cref="Topic"/> says otherwise. What is there already is left as it is.</summary>
    public KafkaTopicOptions Topics { get; } = new();

    /// <summary>
    /// The largest message, in bytes of body, key and headers. Default 2 MiB, which is more than the toolkit's own limit of 1 MiB for bodies and
    /// twice what Kafka allows by default; topics that are created allow it. From 1 KiB to 128 MiB.
    /// </summary>
    public int MaxMessageBytes { get; set; } = 2 * 1024 * 1024;

    /// <summary>
    /// The name of this process among those of the same endpoint, for static membership: one that comes back within the session timeout keeps
    /// its partitions, and nobody else is disturbed. Each process needs another one. Default null: membership is dynamic.
    /// </summary>
    public string? InstanceId { get; set; }

    /// <summary>How groups are coordinated: by their members (<see cref="GroupProtocol.Classic"/>, the default), or by the broker (<see cref="GroupProtocol.Consumer"/>, KIP-848, with Kafka 4).</summary>
    public GroupProtocol GroupProtocol { get; set; } = GroupProtocol.Classic;

    /// <summary>
    /// How long a partition that goes to another process is held until what was received of it is settled. Longer means fewer messages that are
    /// received twice, and a longer pause for that partition. Default 5 s; from zero to 1 min.
    /// </summary>
    public TimeSpan RevocationPatience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long Kafka may confirm nothing at all while some confirms are due. Then the producer is given up and the messages are sent again. Default 30 s; from 1 s to 1 h.</summary>
    public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many messages of a partition may have been received since the oldest that is not settled: so many at most come again after a crash.
    /// When they are reached the partition waits. Default 10,000; from 1 to 1,000,000.
    /// </summary>
    public int MaxAhead { get; set; } = 10_000;

    /// <summary>
    /// Whether the database has how far endpoints are in each partition, instead of a claim for each message: one row for each partition is moved in the handlers'
    /// own transactions, by whoever was assigned the partition last and nobody else, and receiving begins there. Messages of a partition are then handled in their
    /// order, many in a transaction, and only partitions in parallel. All processes of an endpoint must say the same. Default false. See docs/kafka.md.
    /// </summary>
    public bool OffsetsInDatabase { get; set; }

    /// <summary>
    /// With <see cref="OffsetsInDatabase"/>: how many messages of each partition are remembered, so that one that its sender has sent twice is handled once. At least as many as
    /// come within the time in which a sender that has died is replaced. They take about 60 bytes each in the memory of whoever has the partition, and 16 in the database. Default 50,000; from
    /// zero to 1,000,000.
    /// </summary>
    public int RememberedMessages { get; set; } = 50_000;

    /// <summary>
    /// Maps messages of programs that send no CloudEvents headers, from topics that are not of exactly one event: there its type is clear. Default none: such a
    /// message has an unknown type and goes to the dead letters. So does one for which it throws.
    /// </summary>
    public Func<KafkaForeignMessage, MessageEnvelope>? MapForeign { get; set; }

    /// <summary>
    /// Maps tombstones, messages without a body, which tell in a compacted topic that the key is deleted. It returns the envelope that handlers are
    /// to see, or null if nobody is to see it. Default none: tombstones are passed over. One for which it throws goes to the dead letters.
    /// </summary>
    public Func<KafkaForeignMessage, MessageEnvelope?>? MapTombstone { get; set; }

    /// <summary>Changes how one topic is created.</summary>
    /// <param name="name">The topic's name, with the prefix if there is one.</param>
    /// <param name="configure">Changes a copy of <see cref="Topics"/>.</param>
    public KafkaOptions Topic(string name, Action<KafkaTopicOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        perTopic[name] = perTopic.TryGetValue(name, out var before) ? before + configure : configure;
        return this;
    }

    /// <summary>Opens clients. Replaced where there is no network.</summary>
    internal IKafkaClients? Clients { get; set; }

    internal KafkaTopicOptions OptionsOf(string topic)
    {
        var options = new KafkaTopicOptions { Partitions = Topics.Partitions, ReplicationFactor = Topics.ReplicationFactor };
        options.Configuration["max.message.bytes"] = MaxMessageBytes.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in Topics.Configuration)
        {
            options.Configuration[name] = value;
        }

        perTopic.GetValueOrDefault(topic)?.Invoke(options);
        return options;
    }

    private static bool StartsAtTheEnd(string? reset) => reset is "latest" or "largest" or "end";

    internal IEnumerable<string> Validate(MessageTopology topology) => ValidateValues().Concat(ValidateNames(topology));

    private IEnumerable<string> ValidateValues()
    {
        if (string.IsNullOrWhiteSpace(BootstrapServers))
        {
            yield return "UseKafka: BootstrapServers is empty: set it to some brokers, \"host:9092\".";
        }

        foreach (var error in ReservedProperties.Refuse(nameof(Properties), Properties).Concat(ReservedProperties.Refuse(nameof(ProducerProperties), ProducerProperties))
                     .Concat(ReservedProperties.Refuse(nameof(ConsumerProperties), ConsumerProperties)))
        {
            yield return error;
        }

        if (Prefix is null || Prefix.Length > LongestPrefix || !TopicNames.HasOnlyAllowed(Prefix))
        {
            yield return "UseKafka: Prefix has more than 40 characters, or others than letters, digits, '.', '-' and '_'.";
        }

        if (MaxMessageBytes is < 1024 or > 128 * 1024 * 1024)
        {
            yield return $"UseKafka: MaxMessageBytes is {MaxMessageBytes}: set it between 1024 (1 KiB) and {128 * 1024 * 1024} (128 MiB).";
        }

        if (RevocationPatience < TimeSpan.Zero || RevocationPatience > TimeSpan.FromMinutes(1))
        {
            yield return $"UseKafka: RevocationPatience is {RevocationPatience}: set it between zero and 1 min.";
        }

        if (ConfirmTimeout < TimeSpan.FromSeconds(1) || ConfirmTimeout > TimeSpan.FromHours(1))
        {
            yield return $"UseKafka: ConfirmTimeout is {ConfirmTimeout}: set it between 1 s and 1 h.";
        }

        if (MaxAhead is < 1 or > 1_000_000)
        {
            yield return $"UseKafka: MaxAhead is {MaxAhead}: set it between 1 and 1000000.";
        }

        if (OffsetsInDatabase && StartsAtTheEnd(ConsumerProperties.TryGetValue(OffsetReset, out var reset) || Properties.TryGetValue(OffsetReset, out reset) ? reset : null))
        {
            yield return $"UseKafka: OffsetsInDatabase must not go with '{OffsetReset}' = '{reset}': what was sent before a partition was taken for the first time, or was there when its position cannot be reached any more, would be passed over. " +
                "Leave it at 'earliest', or set it to 'error'.";
        }

        if (RememberedMessages is < 0 or > 1_000_000)
        {
            yield return $"UseKafka: RememberedMessages is {RememberedMessages}: set it between 0 and 1000000.";
        }

        if (InstanceId is { Length: 0 or > LongestTopic } || (InstanceId is not null && !TopicNames.HasOnlyAllowed(InstanceId)))
        {
            yield return "UseKafka: InstanceId is empty, longer than 249 characters, or has others than letters, digits, '.', '-' and '_'.";
        }

        foreach (var error in Topics.Validate("Topics").Concat(perTopic.Keys.SelectMany(topic => OptionsOf(topic).Validate($"Topic(\"{topic}\", ...)"))).Distinct())
        {
            yield return error;
        }
    }

    private IEnumerable<string> ValidateNames(MessageTopology topology)
    {
        var topics = new TopicMap(this, topology);
        foreach (var (name, topic) in topics.Named.Where(each => TopicNames.Refuse(each.Topic) is not null))
        {
            yield return $"UseKafka: {name} has the topic {Names.Show(topic)}, which cannot be one: {TopicNames.Refuse(topic)}.";
        }

        foreach (var (endpoint, topic) in topics.OfDeadLetters.Where(each => topics.IsRead(each.Topic)))
        {
            yield return $"UseKafka: the dead letters of endpoint '{endpoint}' have the topic {Names.Show(topic)}, which messages have too, and would be handled again: change DeadLetterTopic.";
        }

        foreach (var same in topology.Endpoints.GroupBy(endpoint => topics.GroupOf(endpoint.Name), StringComparer.Ordinal).Where(same => same.Count() > 1))
        {
            yield return $"UseKafka: the endpoints {string.Join(" and ", same.Select(endpoint => $"'{endpoint.Name}'"))} have one consumer group, '{same.Key}', and would share their messages: change Group.";
        }

        foreach (var same in topics.Named.Select(each => each.Topic).Distinct(StringComparer.Ordinal).GroupBy(topic => topic, StringComparer.OrdinalIgnoreCase).Where(same => OffsetsInDatabase && same.Count() > 1))
        {
            yield return $"UseKafka: the topics {string.Join(" and ", same.Select(Names.Show))} differ by case alone. With OffsetsInDatabase they must not: some databases take their positions for one.";
        }

        foreach (var name in perTopic.Keys.Where(name => topics.Named.All(each => each.Topic != name)))
        {
            yield return $"UseKafka: Topic(\"{name}\", ...) is for a topic that there is not: there are {string.Join(", ", topics.Named.Select(each => each.Topic).Distinct())}.";
        }
    }
}
