namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>Who relays what.</summary>
internal static class LeaseBugs
{
    private const string Plan = "Messaging.Toolkit/Outbox/LeasePlan.cs";
    private const string Keeper = "Messaging.Toolkit/Outbox/LeaseKeeper.cs";
    private const string Sql = "Messaging.Toolkit.EntityFrameworkCore/Sql/LeaseSql.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("expired lease respected", "The buckets of a node that died are never taken over.", Plan,
            "else if (lease?.Owner is null || lease.ExpiresAt <= table.Now)",
            "else if (lease?.Owner is null)"),

        new("dead nodes counted", "A node that died keeps its share of the buckets.", Plan,
            "lease.Owner is not null && lease.ExpiresAt > table.Now)",
            "lease.Owner is not null)"),

        new("remainder not shared", "Buckets are left over when the nodes cannot share them evenly.", Plan,
            "(buckets / nodes.Count) + (nodes.IndexOf(owner) < buckets % nodes.Count ? 1 : 0)",
            "buckets / nodes.Count") { Faults = "none" },

        new("lease taken from others", "A lease is taken although another node holds it.", Sql,
            "AND ({Lease.Owner} IS NULL OR {Lease.Owner} = @owner OR {Lease.ExpiresAt} <= {clock})",
            "AND ({clock} = {clock})") { Faults = "Restart:0.01,SlowDatabase,SlowHandler" },

        new("lease counts as held when asked for", "A node takes the leases that it has asked for to be its own, whoever got them.",
            "Messaging.Toolkit.EntityFrameworkCore/Stores/EfLeaseStore.cs",
            "return [.. own.Intersect(names, StringComparer.Ordinal)];",
            "return own.Any() ? names : [];"),

        new("all buckets relayed", "A node relays all buckets, whoever holds their leases.", Keeper,
            "var buckets = names.Select(LeasePlan.BucketOf).OfType<int>().Except(draining).ToFrozenSet();",
            "var buckets = Enumerable.Range(0, OutboxOptions.Buckets).ToFrozenSet();"),
    ];
}

public sealed class LeaseBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(LeaseBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
