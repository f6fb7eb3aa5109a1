namespace Messaging.Toolkit.Outbox;

/// <summary>What a process does about the leases it sees: a pure function, the same in every process.</summary>
/// <param name="Take">Leases to take or renew.</param>
/// <param name="GiveUp">Buckets to give up, because other processes have less than their share.</param>
/// <param name="Forget">Leases of processes that are long gone.</param>
internal sealed record LeasePlan(IReadOnlyList<string> Take, IReadOnlyList<int> GiveUp, IReadOnlyList<string> Forget)
{
    public const string Housekeeping = "housekeeping";
    private const string BucketPrefix = "bucket/";
    private const string NodePrefix = "node/";
    private static readonly TimeSpan Gone = TimeSpan.FromHours(1);

    public static string BucketName(int bucket) => $"{BucketPrefix}{bucket:00}";

    public static string NodeName(string owner) => NodePrefix + owner;

    public static int? BucketOf(string name) => name.StartsWith(BucketPrefix, StringComparison.Ordinal) ? int.Parse(name.AsSpan(BucketPrefix.Length), provider: null) : null;

    /// <summary>
    /// Each process that lives has an equal share of the buckets; the first ones in the order of their names have one more
    /// if it does not divide. Who has too much gives up; who has too little takes what is free or expired.
    /// </summary>
    /// <param name="table">All leases.</param>
    /// <param name="owner">This process.</param>
    /// <param name="buckets">How many buckets there are.</param>
    /// <param name="rank">Which of its buckets the process would rather keep: the lower, the rather.</param>
    public static LeasePlan Make(LeaseTable table, string owner, int buckets, Func<int, int>? rank = null)
    {
        var leases = table.Leases.ToDictionary(lease => lease.Name, StringComparer.Ordinal);
        var nodes = table.Leases
            .Where(lease => lease.Name.StartsWith(NodePrefix, StringComparison.Ordinal) && lease.Owner is not null && lease.ExpiresAt > table.Now)
            .Select(lease => lease.Owner!)
            .Append(owner).Distinct().Order(StringComparer.Ordinal).ToList();
        var share = (buckets / nodes.Count) + (nodes.IndexOf(owner) < buckets % nodes.Count ? 1 : 0);

        var own = new List<int>();
        var free = new List<int>();
        for (var bucket = 0; bucket < buckets; bucket++)
        {
            var lease = leases.GetValueOrDefault(BucketName(bucket));
            if (lease?.Owner == owner)
            {
                own.Add(bucket);
            }
            else if (lease?.Owner is null || lease.ExpiresAt <= table.Now)
            {
                free.Add(bucket);
            }
        }

        own = [.. own.OrderBy(rank ?? (static _ => 0)).ThenBy(bucket => bucket)];
        var take = own.Take(share).Concat(free.Take(Math.Max(0, share - own.Count))).Select(BucketName).Append(NodeName(owner)).ToList();
        var housekeeping = leases.GetValueOrDefault(Housekeeping);
        if (housekeeping?.Owner is null || housekeeping.Owner == owner || housekeeping.ExpiresAt <= table.Now)
        {
            take.Add(Housekeeping);
        }

        var forget = table.Leases.Where(lease => lease.Name.StartsWith(NodePrefix, StringComparison.Ordinal) && lease.ExpiresAt < table.Now - Gone).Select(lease => lease.Name).ToList();
        return new LeasePlan(take, [.. own.Skip(share)], forget);
    }
}
