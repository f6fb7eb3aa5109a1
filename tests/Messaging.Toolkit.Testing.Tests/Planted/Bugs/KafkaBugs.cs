namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>In the transport over Kafka.</summary>
internal static class KafkaBugs
{
    private const string Sender = "Messaging.Toolkit.Kafka/Sending/KafkaSender.cs";
    private const string Message = "Messaging.Toolkit.Kafka/Sending/SentMessage.cs";
    private const string Verdicts = "Messaging.Toolkit.Kafka/Sending/Verdicts.cs";
    private const string Receiver = "Messaging.Toolkit.Kafka/Receiving/KafkaReceiver.cs";
    private const string Partition = "Messaging.Toolkit.Kafka/Receiving/AssignedPartition.cs";
    private const string Offsets = "Messaging.Toolkit.Kafka/Receiving/SettledOffsets.cs";
    private const string Topics = "Messaging.Toolkit.Kafka/Topics/TopicMap.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("failed is confirmed", "A message that the producer gives up counts as confirmed.", Verdicts,
            "_ => Verdict.Broken,",
            "_ => Verdict.Confirmed,"),

        new("all of a batch refused", "When a batch is refused, each of its messages goes to the dead letters.", Sender,
            "case Verdict.MessageRefused when isAlone:",
            "case Verdict.MessageRefused when error.IsError:"),

        new("full queue passed by", "A message for which the producer has no room goes behind those that wait.", Sender,
            "return; // There is room when the next one is confirmed.",
            """
            waiting.Enqueue(waiting.Dequeue());
            return;
            """),

        new("room unseen", "When the producer has room again, what waits for it is not sent.", Sender,
            """
            isAlone = false;
            Produce();
            """,
            "isAlone = false;"),

        new("silence waited out", "A sender waits for reports as long as its producer lives.", Sender,
            "time.GetElapsedTime(lastProgress) > confirmTimeout",
            "time.GetElapsedTime(lastProgress) > TimeSpan.MaxValue"),

        new("slot used twice", "What remembers a message that is on its way is used for the next one before it is reported.", Sender,
            "spare.TryPop(out var used)",
            "spare.TryPeek(out var used)"),

        new("any partition", "Messages with a key go to any partition.", Message,
            "Key = envelope.Key is { } key ? Encoding.UTF8.GetBytes(key) : null;",
            "Key = envelope.Key is { } key ? Encoding.UTF8.GetBytes(key + token) : null;"),

        new("one group for all", "All endpoints are one consumer group, and share their messages.", Topics,
            "options.Prefix + options.Group(endpoint);",
            "options.Prefix + options.Group(\"all\");"),

        new("others' messages", "An endpoint handles what is for another one, if it comes by a topic that both read.", Topics,
            "return recipient == endpoint;",
            "return true;") { Application = "limited" },

        new("stored when handed out", "Where the group goes on is stored when messages are handed out, before they are handled.", Receiver,
            "taken.Add(partition.Take());",
            """
            taken.Add(partition.Take());
            client?.Store(new TopicPartitionOffset(partition.Partition, ((KafkaDelivery)taken[^1]).Offset + 1));
            """),

        new("gaps passed over", "What is stored of a partition is its last settled message, although one before it is not.", Offsets,
            "return Next != before;",
            """
            Next = Math.Max(Next ?? 0, offset + 1);
            return Next != before;
            """),

        new("stored one short", "The offset that is stored is that of the last settled message.", Offsets,
            "Next = ~ring[first] + 1;",
            "Next = ~ring[first];"),

        new("passed over is not settled", "What is for nobody here is never settled, and nothing behind it is stored.", Partition,
            """
            settled.Add(offset);
            return settled.Settle(offset);
            """,
            """
            settled.Add(offset);
            return settled.Settle(-1);
            """),

        new("never resumed", "A partition that was paused because there was no room is not resumed.", Receiver,
            "client?.Resume(partition.Partition);",
            ""),

        new("broken consumer waited for", "A receiver waits for messages of a consumer that is of no use any more.", Receiver,
            """
            lock (gate)
            {
                ThrowIfBroken();
                if (Take(max) is { Count: > 0 } batch)
            """,
            """
            lock (gate)
            {
                if (Take(max) is { Count: > 0 } batch)
            """),
    ];
}

public sealed class KafkaBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(KafkaBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
