using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Testing.Tests.Worlds;

public sealed class WorldTests
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    private readonly World world = new(seed: 1);
    private readonly Lane lane;
    private readonly List<string> happened = [];

    public WorldTests() => lane = new Lane(world, "lane");

    [Fact]
    public void Time_jumps_to_the_next_timer()
    {
        world.Schedule(lane, TimeSpan.FromMinutes(2), () => Note("two"));
        world.Schedule(lane, TimeSpan.FromMinutes(1), () => Note("one"));

        Run();

        happened.Should().Equal("one at 00:01:00", "two at 00:02:00");
    }

    [Fact]
    public void A_run_ends_at_its_limit_although_more_would_happen_later()
    {
        world.Schedule(lane, Long + TimeSpan.FromSeconds(1), () => Note("late"));

        world.RunUntil(() => false, Long).Should().BeFalse();

        happened.Should().BeEmpty();
        world.Now.Should().Be(Long);
    }

    [Fact]
    public void Code_of_a_lane_goes_on_in_the_lane()
    {
        world.Post(lane, () => _ = WorkAsync());

        Run();

        happened.Should().Equal("before at 00:00:00", "after at 00:00:05");

        async Task WorkAsync()
        {
            Note("before");
            await Task.Delay(TimeSpan.FromSeconds(5), new LaneTime(lane));
            await Task.Yield();
            SynchronizationContext.Current.Should().BeSameAs(lane.Context);
            Note("after");
        }
    }

    [Fact]
    public void Nothing_of_a_frozen_lane_happens_until_it_goes_on()
    {
        var other = new Lane(world, "other");
        world.Schedule(lane, TimeSpan.FromSeconds(1), () => Note("frozen"));
        lane.State = LaneState.Frozen;
        world.Schedule(other, TimeSpan.FromSeconds(9), () => world.Resume(lane));

        Run();

        happened.Should().Equal("frozen at 00:00:09");
    }

    [Fact]
    public void Nothing_of_a_dead_lane_ever_happens()
    {
        world.Post(lane, () => Note("posted"));
        world.Schedule(lane, TimeSpan.FromSeconds(1), () => Note("scheduled"));

        world.Kill(lane);
        Run();

        happened.Should().BeEmpty();
    }

    [Fact]
    public void The_seed_decides_the_order_of_what_is_ready()
    {
        var orders = Enumerable.Range(1, 20).Select(seed => Order((ulong)seed)).ToList();

        orders.Should().Equal(Enumerable.Range(1, 20).Select(seed => Order((ulong)seed)), "the same seed is the same order");
        orders.Distinct().Should().HaveCountGreaterThan(5, "another seed is another order");

        static string Order(ulong seed)
        {
            var order = "";
            var world = new World(seed);
            var lane = new Lane(world, "lane");
            foreach (var name in (string[])["a", "b", "c", "d"])
            {
                world.Post(lane, () => order += name);
            }

            world.RunUntil(() => false, Long);
            return order;
        }
    }

    [Fact]
    public void What_goes_on_on_another_thread_is_noticed_and_told()
    {
        world.Post(lane, () => _ = EscapeAsync());

        var run = () => world.RunUntil(() => happened.Count > 0, Long);

        run.Should().Throw<EscapedException>().WithMessage("*lane*another thread*");

        async Task EscapeAsync()
        {
            using var arrived = new ManualResetEventSlim();
            var elsewhere = new TaskCompletionSource();
            var thread = new Thread(() =>
            {
                elsewhere.SetResult();
                arrived.Set();
            });
            world.Schedule(lane, TimeSpan.FromSeconds(1), () =>
            {
                thread.Start();
                arrived.Wait();
            });
            await elsewhere.Task;
            Note("escaped");
        }
    }

    private void Run() => world.RunUntil(() => false, Long);

    private void Note(string what) => happened.Add($"{what} at {world.Now}");
}
