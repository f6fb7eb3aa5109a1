namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>In the transport over RabbitMQ.</summary>
internal static class RabbitMQBugs
{
    private const string Sender = "Messaging.Toolkit.RabbitMQ/Sending/RabbitMQSender.cs";
    private const string Keys = "Messaging.Toolkit.RabbitMQ/Sending/KeyedMessages.cs";
    private const string Consumer = "Messaging.Toolkit.RabbitMQ/Receiving/QueueConsumer.cs";
    private const string Presence = "Messaging.Toolkit.RabbitMQ/Receiving/Presence.cs";
    private const string Tags = "Messaging.Toolkit.RabbitMQ/Receiving/UnsettledTags.cs";
    private const string Topology = "Messaging.Toolkit.RabbitMQ/Topology/BrokerTopology.cs";
    private const string Reader = "Messaging.Toolkit.RabbitMQ/Receiving/EnvelopeReader.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("one confirm for all", "The confirm of one message is taken for one of all before it.", Sender,
            "Answer(ack.DeliveryTag, ack.Multiple,",
            "Answer(ack.DeliveryTag, true,"),

        new("refused is confirmed", "A message that the broker refuses counts as confirmed.", Sender,
            "Answer(nack.DeliveryTag, nack.Multiple, static (self, message) => self.GiveBack(message));",
            "Answer(nack.DeliveryTag, nack.Multiple, static (self, message) => self.OnConfirmed(message));"),

        new("followers go on", "When a message is refused, those of its key that wait behind it are sent.", Sender,
            "foreach (var follower in keys.GiveBack(message))",
            """
            foreach (var follower in keys.GiveBack(message))
            {
                ready.Writer.TryWrite(follower);
            }

            foreach (var follower in Array.Empty<SentMessage>())
            """),

        new("many of a key unconfirmed", "UnconfirmedPerKey is ignored: messages of a key are sent as they come.", Keys,
            "if (line.Published < perKey && line.Waiting.Count == 0)",
            "if (line.Published < int.MaxValue)"),

        new("unroutable is confirmed", "A message for which there is no queue counts as confirmed.", Sender,
            "if (!message.HasComeBack || (message.Route.IsEvent && options.IgnoreUnroutableEvents))",
            "if (message.Unroutable >= 0)"),

        new("a queue is missing", "A sender begins although an endpoint may have no queue yet: what is confirmed by the queues of others is lost to it.", Topology,
            "foreach (var endpoint in topology.Endpoints)",
            "foreach (var endpoint in topology.Endpoints.Take(1))"),

        new("lost confirm waited for", "A sender waits for confirms as long as its connection stands.", Sender,
            "> options.ConfirmTimeout)",
            "> TimeSpan.MaxValue)"),

        new("acknowledged up to it", "The acknowledgement of one delivery acknowledges all before it.", Tags,
            "ahead.Add(tag);",
            "row = Math.Max(row ?? 0, tag);"),

        new("given back one by one", "What a receiver gives back is put back into the queue, one by one.", Consumer,
            "if (!isDone || isFlushing)",
            """
            foreach (var tag in isDone ? [] : tags)
            {
                _ = Channel.BasicNackAsync(tag, multiple: false, requeue: true).AsTask();
            }

            if (!isDone || isFlushing)
            """),

        new("cancelled consumer stays", "A consumer that the broker has cancelled waits for messages.", Consumer,
            "Break(new MessagingException(\"RabbitMQ has cancelled the consumer: its queue was deleted or has moved.\"));",
            ""),

        new("partition kept", "A process that leaves a partition to another one keeps its channel, and what comes there.", Consumer,
            "var end = CloseAsync();",
            "var end = Task.CompletedTask;"),

        new("silent process present", "A process that died keeps its share of the partitions.", Presence,
            "time.GetElapsedTime(other.Value) > LongestSilence",
            "time.GetElapsedTime(other.Value) > TimeSpan.MaxValue"),

        new("body not copied", "A message keeps the client's buffer, which is used again.", Reader,
            "body.ToArray()",
            "body"),
    ];
}

public sealed class RabbitMQBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(RabbitMQBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
