namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>Between the rows of the outbox and the transport.</summary>
internal static class RelayBugs
{
    private const string Relay = "Messaging.Toolkit/Outbox/OutboxRelay.cs";
    private const string Window = "Messaging.Toolkit/Outbox/RelayWindow.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("cursor by id", "The relay remembers the highest id that it has read and asks for higher ones only.", Relay,
            """
                public async Task SendOnceAsync(ISender sender, CancellationToken cancellationToken)
                {
                    var buckets = leases.Buckets;
                    var query = buckets.Count == 0 ? null : window.NextQuery(buckets);
                    var records = query is null ? [] : await store.Outbox.ReadAsync(query, cancellationToken);
            """,
            """
                private long cursor;

                public async Task SendOnceAsync(ISender sender, CancellationToken cancellationToken)
                {
                    var buckets = leases.Buckets;
                    var query = buckets.Count == 0 ? null : window.NextQuery(buckets);
                    var records = query is null ? [] : (await store.Outbox.ReadAsync(query, cancellationToken)).Where(record => record.Id > cursor).ToList();
                    cursor = records.Select(record => record.Id).Append(cursor).Max();
            """),

        new("delete before confirm", "A row is deleted when its message is sent, not when it is confirmed.", Relay,
            "await Guarded(() => sender.SendAsync(accepted, cancellationToken), cancellationToken);",
            """
            await Guarded(() => sender.SendAsync(accepted, cancellationToken), cancellationToken);
            await store.Outbox.DeleteAsync([.. accepted.Select(message => message.Token)], cancellationToken);
            """),

        new("confirmations forgotten", "Confirmations are forgotten when the rows cannot be deleted.", Relay,
            """
                public async Task<bool> DeleteAsync(CancellationToken cancellationToken)
                {
                    var ids = window.RowsToDelete;
                    if (ids.Count == 0)
                    {
            """,
            """
                private readonly HashSet<long> tried = [];

                public async Task<bool> DeleteAsync(CancellationToken cancellationToken)
                {
                    var ids = window.RowsToDelete.Where(tried.Add).ToList();
                    if (ids.Count == 0)
                    {
                        await Task.Delay(options.MaxPollInterval, time, cancellationToken);
            """),

        new("confirmed stays under way", "A message that was confirmed keeps its place among those under way.", Window,
            "isKeyFree = window.Confirm(record);",
            "isKeyFree = false;"),

        new("one destination at a time", "The relay reads for the first destination that has room, and for no other.", Window,
            "new OutboxQuery(rooms, [.. buckets]);",
            "new OutboxQuery(rooms[..1], [.. buckets]);"),

        new("newest first", "The relay reads the newest rows first.", "Messaging.Toolkit.EntityFrameworkCore/Sql/SqlDialect.cs",
            "sql.Append($\" ORDER BY {outbox.Id} {Limit(room)}) q{i}\");",
            "sql.Append($\" ORDER BY {outbox.Id} DESC {Limit(room)}) q{i}\");"),

        new("key held for ever", "A key of which enough was under way is never read again.", "Messaging.Toolkit/Outbox/DestinationWindow.cs",
            "return count <= mostPerKey / 2 && heldKeys.Remove(key);",
            "return false;"),

        new("failed loop ends", "Background work ends when it fails for the first time.", "Messaging.Toolkit/Runtime/Loop.cs",
            "await PauseAsync(pause, stopping);",
            "return;"),
    ];
}

public sealed class RelayBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(RelayBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
