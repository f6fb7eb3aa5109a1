namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>From a failed attempt to the dead letters and back.</summary>
internal static class FailureBugs
{
    private const string Judge = "Messaging.Toolkit/Endpoints/FailureJudge.cs";
    private const string Endings = "Messaging.Toolkit/Endpoints/EndingWriter.cs";
    private const string Parking = "Messaging.Toolkit.EntityFrameworkCore/Sql/ParkingSql.cs";
    private const string Inbox = "Messaging.Toolkit.EntityFrameworkCore/Stores/EfInbox.cs";
    private const string Letters = "Messaging.Toolkit.EntityFrameworkCore/Stores/EfDeadLetterStore.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        Bug("key not held back", "A message is handled although an earlier one of its key is parked.", Parking,
            "=> $\"NOT EXISTS (SELECT 1 FROM {Parked.Table} AS p WHERE p.{Parked.Endpoint} = {endpoint} AND p.{Parked.Key} = {key})\";",
            "=> $\"{endpoint} = {endpoint} AND {key} = {key}\";"),

        Bug("next never due", "When a parked message is done the next one of its key gets no time.", Inbox,
            "await promote.ExecuteNonQueryAsync(cancellationToken);",
            ""),

        Bug("next never due after a death", "When a parked message dies the next one of its key gets no time.", Letters,
            "await ExecuteAsync(sql.Parking.PromoteNext(context, transaction, parked.Endpoint, key), cancellationToken);",
            ""),

        Bug("held message dropped", "What should be parked behind another counts as a duplicate.", Inbox,
            "held.Contains(id) ? HandlingOutcome.Held : HandlingOutcome.Duplicate",
            "held.Contains(id) ? HandlingOutcome.Duplicate : HandlingOutcome.Duplicate"),

        Bug("no room, no message", "A message for which there is no room to park counts as done.", Endings,
            "return Verdict.Again(FullPause);",
            "return Verdict.Done;"),

        Bug("behind what waits for it", "A parked message whose time has come waits in memory behind later ones of its key.", "Messaging.Toolkit/Endpoints/EndpointRunner.cs",
            "waiting.AddFirst(new Work(delivery, parking));",
            "waiting.Add(new Work(delivery, parking));"),

        Bug("parked one in company", "A parked message shares a transaction with others, as if it had just come.", "Messaging.Toolkit/Endpoints/Work.cs",
            "public bool RunsAlone { get; set; } = delivery is ParkedDelivery;",
            "public bool RunsAlone { get; set; }"),

        Bug("handled and still parked", "A parked message that was handled stays parked.", Inbox,
            "attempt.Claim(await remove.ExecuteNonQueryAsync(cancellationToken) > 0 ? [parked.MessageId] : [], held: []);",
            "attempt.Claim([parked.MessageId], held: []);"),

        Bug("ladder begun anew", "A message that fails after a delay has all its delays before it again.", Judge,
            "Park(work, delay, work.Delays + 1);",
            "Park(work, delay, 1);"),

        Bug("delays forgotten", "A message that could be parked for its next attempt dies.", Judge,
            "if (!isFinal && rule.Ladder.DelayAfter(work.Delays, entropy) is { } delay)",
            "if (!isFinal && work.Delays > 0 && rule.Ladder.DelayAfter(work.Delays, entropy) is { } delay)"),

        Bug("key let go", "A dead letter that is to hold its key lets the later ones pass.", Letters,
            "return await ExecuteAsync(sql.Parking.Hold(context, transaction, parked), cancellationToken) > 0;",
            """
            var isRemoved = await ExecuteAsync(sql.Parking.Remove(context, transaction, parked), cancellationToken) > 0;
            await ExecuteAsync(sql.Parking.PromoteNext(context, transaction, parked.Endpoint, parked.Key!), cancellationToken);
            return isRemoved;
            """),

        Bug("replayed and gone", "A dead letter that is replayed is removed and not parked.", Letters,
            "await ExecuteAsync(sql.DeadLetters.Park(context, transaction, atEndpoints), cancellationToken);",
            ""),

        Bug("replayed and still dead", "A dead letter that is replayed stays among the dead letters.", Letters,
            "if (letters.Count > 0 && await ExecuteAsync(sql.DeadLetters.Delete(context, transaction, Ids(letters)), cancellationToken) != letters.Count)",
            "if (letters.Count < 0)"),

        Bug("claim forgotten", "A message is parked without a claim.", "Messaging.Toolkit.EntityFrameworkCore/Stores/EfParkingStore.cs",
            "return await claim.ExecuteNonQueryAsync(cancellationToken) > 0;",
            "return message.Id == 0;"),
    ];

    private static PlantedBug Bug(string name, string description, string file, string old, string @new)
        => new(name, description, file, old, @new) { Application = "failing" };
}

public sealed class FailureBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(FailureBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
