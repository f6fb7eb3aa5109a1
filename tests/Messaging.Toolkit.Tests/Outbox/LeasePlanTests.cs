using Messaging.Toolkit.Outbox;

namespace Messaging.Toolkit.Tests.Outbox;

public sealed class LeasePlanTests
{
    private const int Buckets = OutboxOptions.Buckets;
    private static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);

    [Fact]
    public void Who_is_alone_takes_everything()
    {
        var plan = LeasePlan.Make(new LeaseTable(Now, []), "me", Buckets);

        BucketsOf(plan.Take).Should().Equal(Enumerable.Range(0, Buckets));
        plan.Take.Should().Contain([LeasePlan.Housekeeping, LeasePlan.NodeName("me")]);
        plan.GiveUp.Should().BeEmpty();
        plan.Forget.Should().BeEmpty();
    }

    [Fact]
    public void Who_has_too_much_gives_up_the_rest_and_renews_its_share()
    {
        var plan = LeasePlan.Make(Table([.. Held("me", 0, 64), Node("me"), Node("other")]), "me", Buckets);

        BucketsOf(plan.Take).Should().Equal(Enumerable.Range(0, 32));
        plan.GiveUp.Should().Equal(Enumerable.Range(32, 32));
    }

    [Fact]
    public void Who_has_too_little_takes_no_more_than_its_share_of_what_is_free_or_expired_and_nothing_of_the_others()
    {
        var plan = LeasePlan.Make(
            Table([.. Held("other", 0, 40), .. Held("dead", 40, 10, expired: true), .. Held("me", 50, 4), Node("me"), Node("other")]), "me", Buckets);

        BucketsOf(plan.Take).Order().Should().Equal([.. Enumerable.Range(40, 14), .. Enumerable.Range(54, 10)]);
        plan.GiveUp.Should().BeEmpty();

        var greedy = LeasePlan.Make(Table([.. Held("other", 0, 10), Node("me"), Node("other")]), "me", Buckets);
        BucketsOf(greedy.Take).Should().HaveCount(32).And.OnlyContain(bucket => bucket >= 10);
    }

    [Fact]
    public void A_bucket_that_was_given_up_is_free_whenever_it_would_have_expired()
    {
        var plan = LeasePlan.Make(Table([.. Enumerable.Range(0, Buckets).Select(bucket => new Lease(LeasePlan.BucketName(bucket), null, 3, Now + Duration))]), "me", Buckets);

        BucketsOf(plan.Take).Should().HaveCount(Buckets);
    }

    [Fact]
    public void A_process_whose_time_is_over_has_no_share()
    {
        var plan = LeasePlan.Make(Table([Node("me"), Node("dead", expired: true), new Lease("node/left", null, 1, Now + Duration)]), "me", Buckets);

        BucketsOf(plan.Take).Should().HaveCount(Buckets);
    }

    [Fact]
    public void Cleaning_is_taken_over_only_when_its_time_is_over()
    {
        Take(new Lease(LeasePlan.Housekeeping, "other", 1, Now + Duration)).Should().NotContain(LeasePlan.Housekeeping);
        Take(new Lease(LeasePlan.Housekeeping, "other", 1, Now)).Should().Contain(LeasePlan.Housekeeping);
        Take(new Lease(LeasePlan.Housekeeping, null, 1, Now + Duration)).Should().Contain(LeasePlan.Housekeeping);
        Take(new Lease(LeasePlan.Housekeeping, "me", 1, Now + Duration)).Should().Contain(LeasePlan.Housekeeping);

        static IReadOnlyList<string> Take(Lease cleanup) => LeasePlan.Make(Table(cleanup), "me", Buckets).Take;
    }

    [Fact]
    public void Processes_are_forgotten_an_hour_after_their_end_and_buckets_never()
    {
        var long_ago = Now - TimeSpan.FromMinutes(61);
        var plan = LeasePlan.Make(
            Table(
                new Lease("node/old", "old", 1, long_ago), new Lease("node/left", null, 1, long_ago), new Lease("node/recent", "recent", 1, Now - TimeSpan.FromMinutes(59)),
                new Lease("bucket/00", "old", 1, long_ago), new Lease(LeasePlan.Housekeeping, "old", 1, long_ago)),
            "me", Buckets);

        plan.Forget.Should().Equal("node/old", "node/left");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(100)]
    public void However_many_processes_there_are_each_comes_to_its_share(int nodes)
    {
        var world = new World(seed: nodes);
        world.Start(nodes);

        world.Run(rounds: 4);

        world.ShouldBeShared();
    }

    [Fact]
    public void Processes_that_come_and_die_leave_the_others_with_equal_shares_again()
    {
        var world = new World(seed: 1);
        for (var wave = 0; wave < 20; wave++)
        {
            world.Start(1 + (wave % 3));
            if (wave % 2 == 1)
            {
                world.Kill(1);
            }

            // The dead ones' leases expire after three rounds.
            world.Run(rounds: 8);
            world.ShouldBeShared();
        }
    }

    [Fact]
    public void When_all_have_their_share_nothing_moves_any_more()
    {
        var world = new World(seed: 2);
        world.Start(5);
        world.Run(rounds: 4);
        var before = world.Owners();

        world.Run(rounds: 10);

        world.Owners().Should().Equal(before);
    }

    private static LeaseTable Table(params Lease[] leases) => new(Now, leases);

    private static Lease Node(string owner, bool expired = false) => new(LeasePlan.NodeName(owner), owner, 1, expired ? Now : Now + Duration);

    private static IEnumerable<Lease> Held(string owner, int first, int count, bool expired = false)
        => Enumerable.Range(first, count).Select(bucket => new Lease(LeasePlan.BucketName(bucket), owner, 1, expired ? Now : Now + Duration));

    private static List<int> BucketsOf(IEnumerable<string> names) => [.. names.Select(LeasePlan.BucketOf).OfType<int>()];

    /// <summary>Processes on one table of leases, each looking at it three times within the duration, in any order.</summary>
    private sealed class World(int seed)
    {
        private readonly Random random = new(seed);
        private readonly Dictionary<string, Lease> table = new(StringComparer.Ordinal);
        private readonly List<string> nodes = [];
        private DateTime now = Now;
        private int started;

        public void Start(int count) => nodes.AddRange(Enumerable.Range(0, count).Select(_ => $"machine/{random.Next(1000)}/{started++}"));

        public void Kill(int count) => nodes.RemoveRange(random.Next(nodes.Count - count + 1), count);

        public void Run(int rounds)
        {
            for (var round = 0; round < rounds; round++)
            {
                now += Duration / 3;
                foreach (var node in nodes.OrderBy(_ => random.Next()).ToList())
                {
                    var plan = LeasePlan.Make(new LeaseTable(now, [.. table.Values]), node, Buckets);
                    foreach (var name in plan.Take)
                    {
                        var lease = table.GetValueOrDefault(name);
                        if (lease?.Owner is null || lease.Owner == node || lease.ExpiresAt <= now)
                        {
                            table[name] = new Lease(name, node, (lease?.Epoch ?? 0) + 1, now + Duration);
                        }
                    }

                    foreach (var name in plan.GiveUp.Select(LeasePlan.BucketName))
                    {
                        table[name] = table[name] with { Owner = null };
                    }

                    foreach (var name in plan.Forget)
                    {
                        table.Remove(name);
                    }
                }
            }
        }

        public List<string?> Owners() => [.. Enumerable.Range(0, Buckets).Select(bucket => table[LeasePlan.BucketName(bucket)].Owner)];

        public void ShouldBeShared()
        {
            var owners = Owners();
            owners.Should().OnlyContain(owner => nodes.Contains(owner!), "each bucket is somebody's who lives");
            var shares = nodes.Select(node => owners.Count(owner => owner == node)).ToList();
            (shares.Max() - shares.Min()).Should().BeLessThanOrEqualTo(1, "the shares are {0}", string.Join(", ", shares));
            table[LeasePlan.Housekeeping].Owner.Should().BeOneOf(nodes);
        }
    }
}
