namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>In positions that the database has.</summary>
internal static class StreamBugs
{
    private const string Statements = "Messaging.Toolkit.EntityFrameworkCore/Sql/StreamSql.cs";
    private const string Group = "Messaging.Toolkit.EntityFrameworkCore/Stores/StreamGroup.cs";
    private const string Inbox = "Messaging.Toolkit.EntityFrameworkCore/Stores/EfInbox.cs";
    private const string Store = "Messaging.Toolkit.EntityFrameworkCore/Stores/EfStreamStore.cs";
    private const string Taker = "Messaging.Toolkit.Kafka/Receiving/PartitionTaker.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("moved by anybody", "The position of a partition is moved by whoever has had it, and to wherever he is.", Statements,
            " AND {Stream.Epoch} = @epoch AND {Stream.Next} = @from",
            "") { Transport = "kafka-offsets" },

        new("begun one too late", "Receiving begins behind the message at which the position stands.", Taker,
            "new Offset(next)",
            "new Offset(next + 1)") { Transport = "kafka-offsets" },

        new("position behind a held message", "The position is moved behind messages that are still to be parked.", Group,
            "if (to is { } earlier)",
            "if (to is { } earlier && earlier < first.From)") { Transport = "kafka-offsets", Application = "failing" },

        new("remembered before the commit", "What is about to be handled is remembered as handled, whatever becomes of the transaction.", Inbox,
            """
            var outcomes = await HandleOrThrowAsync(attempt, cancellationToken);

            // Not before it is known to have committed: what was rolled back must not be remembered.
            attempt.Steps.ForEach(step => step.Commit());
            return outcomes;
            """,
            """
            try
            {
                return await HandleOrThrowAsync(attempt, cancellationToken);
            }
            finally
            {
                attempt.Steps.ForEach(step => step.Commit());
            }
            """) { Transport = "kafka-offsets" },

        new("forgotten when it is taken", "Who takes a partition knows nothing of what was handled of it before.", Store,
            "return new StreamState(row.Epoch, row.Next, total, ids, row.ClaimsUntil > now);",
            "return new StreamState(row.Epoch, row.Next, total, [], row.ClaimsUntil > now);") { Transport = "kafka-offsets", Faults = "Crash,Rebalance,ConfirmLost:0.2,ChannelClosed" },

        new("no claim without a key", "A message without a key is known by its partition alone, although its sender may send it again to another.", Inbox,
            "delivery.Place is null || delivery.Envelope.Key is null;",
            "delivery.Place is null;") { Transport = "kafka-offsets" },
    ];
}

public sealed class StreamBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(StreamBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
