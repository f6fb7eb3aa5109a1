namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>What holds messages back, lets them go first, lets them expire, or makes two of them one.</summary>
internal static class LimitBugs
{
    private const string Breaker = "Messaging.Toolkit/Endpoints/Limits/CircuitBreaker.cs";
    private const string Throttle = "Messaging.Toolkit/Endpoints/Limits/Throttle.cs";
    private const string Processor = "Messaging.Toolkit/Endpoints/DeliveryProcessor.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        Bug("circuit never opens", "However often handlers fail, their endpoint goes on.", Breaker,
            "=> counts.Successes + counts.Failures >= policy.MinimumThroughput",
            "=> counts.Successes + counts.Failures >= int.MaxValue"),

        Bug("circuit never closes", "A circuit that is open stays so.", Breaker,
            "case CircuitState.Open when time.GetElapsedTime(opened) < policy.BreakDuration:",
            "case CircuitState.Open when time.GetElapsedTime(opened) < TimeSpan.MaxValue:"),

        Bug("probe lost", "A message that is tried and tells nothing, because it is a duplicate or the store has failed, is waited for, for ever.", Breaker,
            """
            isProbing = false;
            switch (State, success)
            """,
            """
            isProbing = success is null;
            switch (State, success)
            """),

        Bug("end of the break unseen", "When a circuit has been open long enough nobody tells the workers.", Throttle,
            "MustWait = breaker.Wait is not null;",
            "MustWait = false;"),

        Bug("rate ignored", "Messages are handled as they come, whatever the rate limit.", "Messaging.Toolkit/Endpoints/Limits/TokenBucket.cs",
            "if (missing <= 0)",
            "if (missing <= Int128.MaxValue)"),

        Bug("permit unseen", "When there is a permit again nobody tells the workers.", Throttle,
            """
            MustWait = true;
            if (ticket is { } unused)
            """,
            "if (ticket is { } unused)"),

        Bug("urgent before its own", "An urgent message goes before those of its key that were there before it.", "Messaging.Toolkit/Endpoints/KeyedQueue.cs",
            """
                toLine(line, item);
                return;
            """,
            """
                if (isUrgent?.Invoke(item) == true)
                {
                    line.PutBack(item);
                    return;
                }

                toLine(line, item);
                return;
            """),

        Bug("expired all the same handled", "A message whose time is over is handled.", Processor,
            "private bool HasExpired(Work work) => work.Delivery.Envelope.ExpiresAt is not null && Expiry.IsOver(work.Delivery.Envelope, time.GetUtcNow());",
            "private bool HasExpired(Work work) => Expiry.IsOver(work.Delivery.Envelope, time.GetUtcNow().AddSeconds(-1));"),

        Bug("expired without a word", "Nobody is told of a message that has expired although he waits for the reply to it.", Processor,
            "session.Add(outgoing.CreateNotice(envelope, endpoint.Name, FailureJudge.ReasonOfExpiry(envelope)));",
            ""),

        Bug("expired and not claimed", "A message that has expired is settled and not claimed.", Processor,
            "work.Refusal = pass?.Refuse(work);",
            "work.Refusal = HasExpired(work) ? Verdict.Done : pass?.Refuse(work);"),

        Bug("idempotency key ignored", "What is published again under its key is another message.", "Messaging.Toolkit/Outbox/OutgoingMessages.cs",
            "options.IdempotencyKey is { } idempotencyKey && addressing.Id is null",
            "options.IdempotencyKey is { } idempotencyKey && addressing.Id == Guid.Empty"),
    ];

    private static PlantedBug Bug(string name, string description, string file, string old, string @new) => new(name, description, file, old, @new) { Application = "limited" };
}

public sealed class LimitBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(LimitBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
