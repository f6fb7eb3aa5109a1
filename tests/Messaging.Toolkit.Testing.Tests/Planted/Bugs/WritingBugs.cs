namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>Between the application's call and the rows of the outbox.</summary>
internal static class WritingBugs
{
    private const string Session = "Messaging.Toolkit.EntityFrameworkCore/Writing/OutboxSession.cs";
    private const string Outgoing = "Messaging.Toolkit/Outbox/OutgoingMessages.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("messages after the commit", "A save commits its rows first, and its messages in a transaction of their own.", Session,
            "public bool WritesAtCommit => isSaving && !isInCallersTransaction && pending.Count > 0;",
            "public bool WritesAtCommit => false;"),

        new("messages before the save", "A save commits its messages first, in a transaction of their own, and then its rows.",
            "Messaging.Toolkit.EntityFrameworkCore/Writing/SaveInterceptor.cs",
            """
                SessionOf(eventData).BeginSave();
                return new(result);
            """,
            """
                var session = SessionOf(eventData);
                session.BeginSave();
                return session.WritesAtCommit ? WithoutContext.Run(WriteFirstAsync) : new(result);

                async ValueTask<InterceptionResult<int>> WriteFirstAsync()
                {
                    await WriteAtEndAsync(eventData.Context!, session, 0, cancellationToken);
                    session.BeginSave();
                    return result;
                }
            """),

        new("row without a transaction", "A save of a single row needs no transaction, although messages belong to it.", Session,
            "appends ? AutoTransactionBehavior.WhenNeeded : AutoTransactionBehavior.Always;",
            "AutoTransactionBehavior.WhenNeeded;"),

        new("save without rows", "Messages of a save that has nothing else to write are not written.", Session,
            "public bool WritesAtEnd => pending.Count > written;",
            "public bool WritesAtEnd => false;"),

        new("messages written are kept", "A context keeps the messages that it has written in the caller's transaction, and writes them again.", Session,
            """
                isBroken = false;
                Forget(written);
            """,
            """
                isBroken = false;
                written = doomed = 0;
            """),

        new("messages of a rollback come back", "Messages of a transaction that was rolled back are written with the context's next save.", Session,
            "if (!acceptsChanges)",
            "if (isInCallersTransaction)"),

        new("commit without its messages", "A transaction commits although its messages could not be written.", Session,
            "if (isBroken)",
            "if (isBroken && store is null)") { Faults = "StatementFails:0.1,ConnectionLost:0.1" },

        new("token not written", "A save that may be retried leaves no token, and is repeated when its reply is lost.",
            "Messaging.Toolkit.EntityFrameworkCore/Writing/RetriedTransaction.cs",
            "await command.ExecuteNonQueryAsync(cancel);",
            "await Task.CompletedTask;") { Faults = "ReplyLost:0.5" },

        new("token not asked", "A save whose reply is lost is repeated although its token says that it took effect.",
            "Messaging.Toolkit.EntityFrameworkCore/Writing/RetriedTransaction.cs",
            "return new ExecutionResult<bool>(Exists(await command.ExecuteScalarAsync(cancel)), true);",
            "return new ExecutionResult<bool>(Exists(await command.ExecuteScalarAsync(cancel)) && false, true);") { Faults = "ReplyLost:0.5" },

        new("retried work keeps its messages", "When work is retried, the messages of the attempt that failed are written with those of the next.",
            "Messaging.Toolkit.EntityFrameworkCore/Writing/MessagingDbContextExtensions.cs",
            "session.Discard();",
            "") { Faults = "StatementFails:0.1,ConnectionLost:0.1,CommitFails:0.2" },

        new("first subscriber only", "An event goes to the first endpoint that handles it, and to no other.", Outgoing,
            "return [.. targets.Select(",
            "return [.. targets.Take(1).Select("),

        new("random ids in handlers", "A handler that runs again sends messages with other ids.", Outgoing,
            "cause is null ? ids.New() : MessageIds.Derive(cause.Envelope, cause.Endpoint, cause.NextChild(), purpose)",
            "ids.New()"),

        new("children not numbered", "The messages that one handler sends get the same id.", "Messaging.Toolkit/MessageContext.cs",
            "Interlocked.Increment(ref children)",
            "children"),

        new("bucket by message id", "Messages of one key are spread over the relays.", Outgoing,
            "? MessageKeys.Bucket(key, OutboxOptions.Buckets)",
            "? MessageKeys.Bucket(key + envelope.Id, OutboxOptions.Buckets)"),
    ];
}

public sealed class WritingBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(WritingBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
