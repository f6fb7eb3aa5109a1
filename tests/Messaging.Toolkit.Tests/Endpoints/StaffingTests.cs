using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Tests.Runtime;

namespace Messaging.Toolkit.Tests.Endpoints;

public sealed class StaffingTests
{
    private const int Concurrency = 8;
    private const int MaxGroup = 32;

    private readonly ManualTimeProvider time = new();

    [Fact]
    public void Until_it_is_known_how_long_handlers_take_each_message_has_a_worker_of_its_own()
    {
        var staffing = NewStaffing();

        staffing.MostInGroup.Should().Be(1);
        staffing.Useful(waiting: 3).Should().Be(Concurrency);
        BeginWith(staffing, 7);
        staffing.IsEnough(waiting: 1).Should().BeFalse();
    }

    [Fact]
    public void Slow_handlers_have_all_workers_and_share_no_transaction()
    {
        var staffing = NewStaffing(handlerTime: TimeSpan.FromMilliseconds(20));

        staffing.MostInGroup.Should().Be(1);
        BeginWith(staffing, 7);
        staffing.IsEnough(waiting: 1).Should().BeFalse();
    }

    [Fact]
    public void Of_quick_handlers_two_workers_take_all_until_groups_are_full()
    {
        var staffing = NewStaffing(handlerTime: TimeSpan.FromMilliseconds(0.1));

        staffing.MostInGroup.Should().Be(MaxGroup);
        staffing.Useful(waiting: 1).Should().Be(2);
        staffing.Useful(waiting: 2 * MaxGroup).Should().Be(2);
        staffing.Useful(waiting: (2 * MaxGroup) + 1).Should().Be(3);
        staffing.Useful(waiting: 100 * MaxGroup).Should().Be(Concurrency);
    }

    [Fact]
    public void What_comes_while_enough_are_at_work_waits_for_them()
    {
        var staffing = NewStaffing(handlerTime: TimeSpan.Zero);

        var groups = BeginWith(staffing, 1);
        staffing.IsEnough(waiting: 1).Should().BeFalse();
        groups.AddRange(BeginWith(staffing, 1));
        staffing.IsEnough(waiting: 1).Should().BeTrue();
        staffing.IsEnough(waiting: (2 * MaxGroup) + 1).Should().BeFalse("that is more than they take");

        staffing.End(groups[0], count: 1);
        staffing.IsEnough(waiting: 1).Should().BeFalse();
    }

    [Fact]
    public void It_does_not_wait_for_those_that_are_at_it_for_long()
    {
        var staffing = NewStaffing(handlerTime: TimeSpan.Zero);
        BeginWith(staffing, 2);

        time.Advance(Staffing.LongestGroup);

        staffing.IsEnough(waiting: 1).Should().BeFalse();
        BeginWith(staffing, 2);
        staffing.IsEnough(waiting: 1).Should().BeTrue();
    }

    [Fact]
    public void One_that_was_slow_is_believed_at_once_and_forgotten_slowly()
    {
        var staffing = NewStaffing(handlerTime: TimeSpan.Zero);

        staffing.Observe(Staffing.LongestGroup);
        staffing.MostInGroup.Should().Be(1);
        staffing.Useful(waiting: 1).Should().Be(Concurrency);

        Observe(staffing, TimeSpan.Zero, times: 5);
        staffing.Useful(waiting: 1).Should().Be(Concurrency);
        Observe(staffing, TimeSpan.Zero, times: 20);
        staffing.Useful(waiting: 1).Should().Be(2);
    }

    [Fact]
    public void Handlers_are_not_quick_if_what_they_save_takes_long()
    {
        var staffing = NewStaffing(handlerTime: TimeSpan.Zero);
        var group = BeginWith(staffing, 1)[0];

        time.Advance(TimeSpan.FromMilliseconds(20));
        staffing.End(group, count: 4);

        staffing.Useful(waiting: 1).Should().Be(Concurrency);
        staffing.MostInGroup.Should().Be(MaxGroup, "that is not the handlers' fault");
    }

    [Fact]
    public void Who_may_have_one_worker_has_one()
    {
        var staffing = new Staffing(1, MaxGroup, time);
        Observe(staffing, TimeSpan.Zero, times: 50);

        staffing.Useful(waiting: 1_000).Should().Be(1);
    }

    [Fact]
    public void Where_messages_share_no_transaction_nobody_waits_for_another()
    {
        var staffing = new Staffing(Concurrency, maxGroup: 1, time);
        Observe(staffing, TimeSpan.Zero, times: 50);
        BeginWith(staffing, 2);

        staffing.IsEnough(waiting: 1).Should().BeFalse();
    }

    private Staffing NewStaffing(TimeSpan? handlerTime = null)
    {
        var staffing = new Staffing(Concurrency, MaxGroup, time);
        if (handlerTime is { } each)
        {
            Observe(staffing, each, times: 50);
        }

        return staffing;
    }

    private static void Observe(Staffing staffing, TimeSpan handlerTime, int times) => Enumerable.Repeat(handlerTime, times).ToList().ForEach(staffing.Observe);

    private static List<object> BeginWith(Staffing staffing, int workers)
    {
        var groups = Enumerable.Range(0, workers).Select(_ => new object()).ToList();
        groups.ForEach(staffing.Begin);
        return groups;
    }
}
