using System.Collections.Frozen;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Stores;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Outbox;

/// <summary>
/// Keeps this process's share of the buckets of one store. What it holds counts as held only until the lease would
/// expire, measured from before the request for it by this process's own steady clock: a process that was frozen
/// notices by itself that its time is over, whoever has taken its buckets meanwhile.
/// </summary>
/// <param name="store">Where the leases are.</param>
/// <param name="owner">This process, under a name of its own.</param>
/// <param name="options">How long leases last.</param>
/// <param name="changed">Is called when the buckets are others than before.</param>
/// <param name="time">The clock.</param>
/// <param name="metrics">Counts what was lost.</param>
/// <param name="logger">Is told of changes.</param>
internal sealed class LeaseKeeper(
    IMessageStore store, string owner, OutboxOptions options, Action changed, TimeProvider time, MessagingMetrics metrics, ILogger logger)
{
    private volatile Holding holding = Holding.None;

    /// <summary>Leases that were asked for or about to be given up when a round ended early: they may be ours although nothing says so.</summary>
    private volatile IReadOnlyCollection<string> unsettled = [];
    private Func<int, bool>[] relays = [];

    /// <summary>The buckets held and not being given up; empty when the time is over.</summary>
    public IReadOnlyCollection<int> Buckets => Current.Buckets;

    /// <summary>Whether the bucket is one of <see cref="Buckets"/> at this moment.</summary>
    public bool Holds(int bucket) => Current.Buckets.Contains(bucket);

    /// <summary>Whether this process is the one that keeps house.</summary>
    public bool KeepsHouse => Current.Names.Contains(LeasePlan.Housekeeping);

    private Holding Current => holding is var current && time.GetTimestamp() < current.ValidUntil ? current : Holding.None;

    /// <summary>Tells the keeper how to know that messages of a bucket are under way; such a bucket is given up later. Each relay of the store says so.</summary>
    public void AskBeforeGivingUp(Func<int, bool> busy) => relays = [.. relays, busy];

    /// <summary>Looks at the leases, renews, takes and gives up.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var before = holding;
        var validUntil = time.GetTimestamp() + (long)(options.LeaseDuration.TotalSeconds * time.TimestampFrequency);
        var plan = LeasePlan.Make(await store.Leases.ReadAsync(cancellationToken), owner, OutboxOptions.Buckets, bucket => RankOf(bucket, before));

        // Given up is a bucket only when nothing of it is under way. Until then it is kept, but nothing new is sent: that comes
        // first, or messages sent after the question whether the bucket is idle would be under way when it is gone.
        holding = before with { Buckets = before.Buckets.Except(plan.GiveUp).ToFrozenSet() };
        var idle = plan.GiveUp.Where(bucket => !IsBusy(bucket)).ToList();
        var draining = plan.GiveUp.Except(idle).ToList();
        unsettled = [.. plan.Take, .. plan.GiveUp.Select(LeasePlan.BucketName)];
        var names = await store.Leases.TakeAsync(owner, [.. plan.Take, .. draining.Select(LeasePlan.BucketName)], options.LeaseDuration, cancellationToken);
        var buckets = names.Select(LeasePlan.BucketOf).OfType<int>().Except(draining).ToFrozenSet();
        holding = new Holding(names.ToFrozenSet(StringComparer.Ordinal), buckets, validUntil);
        Report(before.Buckets, buckets, plan.GiveUp);

        if (idle.Count > 0)
        {
            await store.Leases.ReleaseAsync(owner, [.. idle.Select(LeasePlan.BucketName)], cancellationToken);
        }

        if (plan.Forget.Count > 0)
        {
            await store.Leases.ForgetAsync(plan.Forget, cancellationToken);
        }
    }

    /// <summary>Gives everything up, so that the others need not wait for it to expire.</summary>
    public async Task ReleaseAllAsync(CancellationToken cancellationToken)
    {
        var names = holding.Names.Union(unsettled, StringComparer.Ordinal).ToList();
        holding = Holding.None;
        if (names.Count > 0)
        {
            await store.Leases.ReleaseAsync(owner, names, cancellationToken);
        }
    }

    /// <summary>
    /// Rather than an idle bucket a busy one is kept; and rather than any other one that was to be given up and did not become
    /// idle since: a handler that hangs must not keep everything of its bucket from being sent.
    /// </summary>
    private int RankOf(int bucket, Holding before)
    {
        if (!IsBusy(bucket))
        {
            return 2;
        }

        return before.Buckets.Contains(bucket) ? 1 : 0;
    }

    private bool IsBusy(int bucket) => Array.Exists(relays, isBusy => isBusy(bucket));

    private void Report(FrozenSet<int> before, FrozenSet<int> after, IReadOnlyList<int> givenUp)
    {
        var lost = before.Except(after).Except(givenUp).Count();
        if (lost > 0)
        {
            metrics.LeasesLost(store.Name, lost);
            logger.LeasesLost(store.Name, lost);
        }

        if (!before.SetEquals(after))
        {
            logger.LeasesChanged(store.Name, after.Count, OutboxOptions.Buckets);
            changed();
        }
    }

    private sealed record Holding(FrozenSet<string> Names, FrozenSet<int> Buckets, long ValidUntil)
    {
        public static readonly Holding None = new(FrozenSet<string>.Empty, FrozenSet<int>.Empty, long.MinValue);
    }
}
