namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>
/// In scheduled messages. That two processes never move at once is not shown: the database has one writer here, and would not let them.
/// </summary>
internal static class ScheduleBugs
{
    private const string Sql = "Messaging.Toolkit.EntityFrameworkCore/Sql/ScheduleSql.cs";
    private const string Pending = "Messaging.Toolkit.EntityFrameworkCore/Writing/PendingChange.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        Bug("scheduled is published", "A message that is to leave later leaves at once.", Pending,
            "(message!.Schedule is null ? messages : scheduled ??= []).Add(message);",
            "messages.Add(message!);"),

        Bug("delay forgotten", "A message with a delay is due when it is saved.", "Messaging.Toolkit.EntityFrameworkCore/Sql/SqliteScheduleSql.cs",
            "time.GetUtcNow().UtcDateTime + delay",
            "time.GetUtcNow().UtcDateTime"),

        Bug("all of them moved", "When a message is due, others leave with it before their time.", Sql,
            "WHERE {Schedule.DueAt} <= {Dialect.Now} ORDER BY",
            "WHERE {Dialect.Now} = {Dialect.Now} ORDER BY"),

        Bug("moved in two transactions", "A message is put into the outbox in one transaction, and taken from the schedule in the next.", Sql,
            "await copy.ExecuteNonQueryAsync(cancellationToken);",
            "await copy.ExecuteNonQueryAsync(cancellationToken); await transaction.CommitAsync(cancellationToken); delete.Transaction = null;"),

        Bug("moved as written", "Messages that fall due together leave in the order in which they were written.", Sql,
            "WHERE {Schedule.Id} IN ({Literals(ids)}) ORDER BY {Schedule.DueAt}, {Schedule.Id}",
            "WHERE {Schedule.Id} IN ({Literals(ids)}) ORDER BY {Schedule.Id}"),

        Bug("any that are due", "Of the messages that are due those are moved first that were written first.", Sql,
            "{Dialect.Now} ORDER BY {Schedule.DueAt}, {Schedule.Id} {Dialect.Limit(count)}",
            "{Dialect.Now} ORDER BY {Schedule.Id} {Dialect.Limit(count)}"),

        Bug("rest not looked for", "When fewer messages are due than may be moved at once, nobody looks again.", "Messaging.Toolkit/Scheduling/ScheduleMover.cs",
            "await WaitAsync(pause, cancellationToken);",
            "await WaitAsync(TimeSpan.FromDays(1), cancellationToken);"),

        Bug("cancel ignored", "What is cancelled stays in the schedule.", Pending,
            "(cancelled ??= new(StringComparer.Ordinal)).Add(name);",
            "cancelled ??= new(StringComparer.Ordinal);"),

        Bug("cancel apart", "A cancellation is done at once and on its own, whatever becomes of the transaction.", "Messaging.Toolkit/Outbox/MessageBus.cs",
            "Store.GetSession(scope).Cancel(scheduleId);",
            "_ = Store.Schedule.CancelNowAsync(scheduleId, CancellationToken.None);"),

        Bug("own schedule not cancelled", "A cancellation leaves what the same unit of work has scheduled before it.", Pending,
            "scheduled?.RemoveAll(waiting => waiting.Schedule!.Id == name);",
            ""),

        Bug("cancelled after it", "A cancellation takes what the same unit of work has scheduled after it.", Pending,
            "return cancellations.Concat(sql.Schedule.Insert(context, transaction, scheduled ?? [])).Concat(",
            "return sql.Schedule.Insert(context, transaction, scheduled ?? []).Concat(cancellations).Concat("),

        Bug("cancel of a rollback stays", "Changes of a transaction that was rolled back are made by the next save.", "Messaging.Toolkit.EntityFrameworkCore/Writing/OutboxSession.cs",
            "if (!acceptsChanges)",
            "if (isInCallersTransaction)"),

        Bug("tick fired by each", "Every process that sees a tick fires it.", Sql,
            "WHERE {Recurring.Name} = @name AND {Recurring.LastTick} < @tick\"));",
            "WHERE {Recurring.Name} = @name AND @tick = @tick\"));"),
    ];

    private static PlantedBug Bug(string name, string description, string file, string old, string @new) => new(name, description, file, old, @new) { Application = "schedules" };
}

public sealed class ScheduleBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(ScheduleBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
