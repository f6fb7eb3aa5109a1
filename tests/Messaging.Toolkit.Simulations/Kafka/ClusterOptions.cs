using System.Globalization;
using Messaging.Toolkit.Kafka;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Simulations.Kafka;

/// <summary>How the transport and the cluster are configured in a run: another way in each.</summary>
internal sealed record ClusterOptions
{
    private const string OneTopic = "everything";

    /// <summary>The shortest that brokers allow by default.</summary>
    private static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(6);

    public required int Partitions { get; init; }

    /// <summary>Whether all is in one topic.</summary>
    public required bool SharesTopic { get; init; }

    public required TimeSpan ConfirmTimeout { get; init; }

    public required TimeSpan RevocationPatience { get; init; }

    public required int MaxAhead { get; init; }

    public required TimeSpan CommitInterval { get; init; }

    /// <summary>How many messages fit into a producer's own queue.</summary>
    public required int MostQueued { get; init; }

    /// <summary>How many batches of a partition are under way at a time.</summary>
    public required int MostUnderWay { get; init; }

    /// <summary>How large a batch may be, in bytes of bodies.</summary>
    public int LargestBatch { get; init; } = int.MaxValue;

    /// <summary>Whether the database has the positions of endpoints.</summary>
    public bool OffsetsInDatabase { get; init; }

    public bool IsImpatient => ConfirmTimeout < TimeSpan.FromSeconds(10);

    public static ClusterOptions For(ulong seed, FaultRates rates)
    {
        var random = SeededRandom.For(seed, "kafka options");
        var patience = random.Pick([TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(100), TimeSpan.Zero]);
        return new ClusterOptions
        {
            Partitions = random.Pick([1, 2, 2, 5]),
            SharesTopic = random.Chance(0.3),
            ConfirmTimeout = random.Pick([TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(2)]),

            // Whoever has none has duplicates without any fault.
            RevocationPatience = rates.Kinds.Any() ? patience : TimeSpan.FromSeconds(5),
            MaxAhead = random.Pick([10_000, 10_000, 3, 1]),
            CommitInterval = random.Pick([TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5)]),
            MostQueued = random.Pick([int.MaxValue, int.MaxValue, 3, 1]),
            MostUnderWay = random.Pick([5, 5, 1]),
        };
    }

    public void Apply(KafkaOptions kafka)
    {
        kafka.Topics.Partitions = Partitions;
        kafka.ConfirmTimeout = ConfirmTimeout;
        kafka.RevocationPatience = RevocationPatience;
        kafka.MaxAhead = MaxAhead;
        kafka.OffsetsInDatabase = OffsetsInDatabase;
        kafka.ConsumerProperties["session.timeout.ms"] = Text(SessionTimeout);
        kafka.ConsumerProperties["auto.commit.interval.ms"] = Text(CommitInterval);
        if (SharesTopic)
        {
            kafka.EventTopic = _ => OneTopic;
            kafka.CommandTopic = _ => OneTopic;
        }
    }

    private static string Text(TimeSpan time) => time.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
}
