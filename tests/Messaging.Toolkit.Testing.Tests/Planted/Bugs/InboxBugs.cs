namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>Around the handlers: claim, transaction, commit.</summary>
internal static class InboxBugs
{
    private const string Inbox = "Messaging.Toolkit.EntityFrameworkCore/Stores/EfInbox.cs";
    private const string Dialect = "Messaging.Toolkit.EntityFrameworkCore/Sql/SqlDialect.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("no claim", "Messages are handled without a claim.", Inbox,
            "var claimed = await sql.ClaimAsync(context, attempt.Endpoint, unclaimed, cancellationToken);",
            "var claimed = unclaimed.Select(message => message.Id).ToHashSet();"),

        new("claim of the message", "A message that one endpoint has handled is a duplicate to the others.", Dialect,
            "var command = WithNow(context.CreateCommand(sql).With(\"@e\", endpoint).With(\"@m\", messageId));",
            "var command = WithNow(context.CreateCommand(sql).With(\"@e\", \"any\").With(\"@m\", messageId));"),

        new("claim ignored", "A message is handled although it was claimed before.", Inbox,
            "attempt.Claim(claimed, claimed.Count == unclaimed.Count ?",
            "attempt.Claim([.. unclaimed.Select(message => message.Id)], claimed.Count >= 0 ?"),

        new("dead letter without a claim", "A message of which a dead letter is written is not claimed, and is handled when it comes again.",
            "Messaging.Toolkit.EntityFrameworkCore/Stores/EfDeadLetterStore.cs",
            "if (await claim.ExecuteNonQueryAsync(cancellationToken) == 0)",
            "if (entry.Letter.Attempts < 0)"),

        new("claim apart", "The claim is committed by itself, before the handlers' transaction.", Inbox,
            """
                var transaction = holdings.Transaction = await context.Database.BeginTransactionAsync(cancellationToken);
                await ClaimAsync(context, sql, attempt, cancellationToken);
            """,
            """
                await context.Database.OpenConnectionAsync(cancellationToken);
                await ClaimAsync(context, sql, attempt, cancellationToken);
                var transaction = holdings.Transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            """),

        new("failure taken for a duplicate", "A claim that fails counts as one that was there already.", Dialect,
            """
                if (await command.ExecuteNonQueryAsync(cancellationToken) > 0)
                {
                    claimed.Add(message.Id);
                }
            """,
            """
                try
                {
                    if (await command.ExecuteNonQueryAsync(cancellationToken) > 0)
                    {
                        claimed.Add(message.Id);
                    }
                }
                catch (DbException)
                {
                }
            """),

        new("handler in no transaction", "The second and further messages of a group are handled on connections of their own.", Inbox,
            "shared = await SharedConnection.JoinAsync(context, leader, holdings.Transaction!.GetDbTransaction(), cancellationToken);",
            ""),

        new("handler not saved", "What a handler has changed is not saved for it.", Inbox,
            "await context.SaveChangesAsync(cancellationToken);",
            ""),

        new("no commit", "The transaction of a handler is never committed.", Inbox,
            "await transaction.CommitAsync(cancellationToken);",
            ""),

        new("retry in the same scope", "A transaction that is retried uses the context of the attempt before.", Inbox,
            "(_, current, cancel) => RunInNewScopeAsync(current, cancel),",
            "(_, current, cancel) => RunAsync(holdings, current, cancel),") { Faults = "StatementFails:0.03,ConnectionLost:0.03,CommitFails:0.1,HandlerFails" },

        new("commit believed", "A commit whose reply is lost counts as one that took effect.", Inbox,
            "if (!await IsClaimedAsync(context, sql, attempt.Endpoint, messageId, cancellationToken))",
            "if (messageId == Guid.Empty)"),

        new("young claims purged", "Claims are deleted long before the end of their retention.", Inbox,
            "var cutoff = await sql.ReadNowAsync(context, cancellationToken) - age;",
            "var cutoff = await sql.ReadNowAsync(context, cancellationToken);"),

        new("turn not given back", "Who has written does not give back the turn to write.", Inbox,
            "using var turn = await database.TakeTurnAsync(cancellationToken);",
            "var turn = await database.TakeTurnAsync(cancellationToken);"),

        new("turn handed on for ever", "A turn to write that was handed on is never given back.", "Messaging.Toolkit.EntityFrameworkCore/Stores/OneWriter.cs",
            "dispatcher.Post(() => next.SetResult(new Turn(this)));",
            "dispatcher.Post(() => next.SetResult(new Turn(null)));"),

        new("connections left open", "Connections for the toolkit's own statements are not closed.", "Messaging.Toolkit.EntityFrameworkCore/Stores/EfDatabase.cs",
            """
                await using var scope = scopes.CreateAsyncScope();
                var context = scope.ServiceProvider.GetRequiredService<TContext>();
                await context.Database.OpenConnectionAsync(cancellationToken);
                try
                {
                    return await work(context, store.Dialect(context));
                }
                finally
                {
                    await context.Database.CloseConnectionAsync();
                }
            """,
            """
                var scope = scopes.CreateAsyncScope();
                var context = scope.ServiceProvider.GetRequiredService<TContext>();
                await context.Database.OpenConnectionAsync(cancellationToken);
                return await work(context, store.Dialect(context));
            """),
    ];
}

public sealed class InboxBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(InboxBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
