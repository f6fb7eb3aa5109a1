using Messaging.Toolkit.Runtime;

namespace Messaging.Toolkit.Tests.Runtime;

public sealed class SignalTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider time = new();

    [Fact]
    public async Task A_signal_set_before_the_wait_is_kept_and_several_are_one()
    {
        var signal = new Signal(time);
        signal.Set();
        signal.Set();

        (await signal.WaitAsync(Minute, default).WaitAsync(Patience)).Should().BeTrue();

        var second = signal.WaitAsync(Minute, default);
        second.IsCompleted.Should().BeFalse("it was one signal");
        time.Advance(Minute);
        (await second.WaitAsync(Patience)).Should().BeFalse();
    }

    [Fact]
    public async Task A_signal_wakes_the_waiter_and_is_used_up()
    {
        var signal = new Signal(time);
        var first = signal.WaitAsync(Minute, default);
        first.IsCompleted.Should().BeFalse();

        signal.Set();

        (await first.WaitAsync(Patience)).Should().BeTrue();
        var second = signal.WaitAsync(Minute, default);
        time.Advance(Minute);
        (await second.WaitAsync(Patience)).Should().BeFalse();
    }

    [Fact]
    public async Task The_wait_ends_at_its_time_and_not_before()
    {
        var signal = new Signal(time);
        var wait = signal.WaitAsync(Minute, default);

        time.Advance(Minute - TimeSpan.FromTicks(1));
        wait.IsCompleted.Should().BeFalse();
        time.Advance(TimeSpan.FromTicks(1));

        (await wait.WaitAsync(Patience)).Should().BeFalse();
    }

    [Fact]
    public async Task A_signal_set_when_the_wait_has_just_timed_out_is_kept_for_the_next()
    {
        var signal = new Signal(time);
        var first = signal.WaitAsync(Minute, default);

        // The waiter has its result and has not run yet.
        time.Advance(Minute);
        signal.Set();

        (await first.WaitAsync(Patience)).Should().BeFalse();
        (await signal.WaitAsync(Minute, default).WaitAsync(Patience)).Should().BeTrue();
    }

    [Fact]
    public async Task A_signal_set_when_the_wait_was_cancelled_is_kept_for_the_next()
    {
        var signal = new Signal(time);
        using var cancel = new CancellationTokenSource();
        var first = signal.WaitAsync(Minute, cancel.Token);

        await cancel.CancelAsync();
        signal.Set();

        await first.Invoking(x => x.WaitAsync(Patience)).Should().ThrowAsync<OperationCanceledException>();
        (await signal.WaitAsync(Minute, default).WaitAsync(Patience)).Should().BeTrue();
    }

    [Fact]
    public async Task A_cancelled_token_leaves_the_signal_for_the_next_wait()
    {
        var signal = new Signal(time);
        signal.Set();

        await signal.Invoking(x => x.WaitAsync(Minute, new CancellationToken(canceled: true))).Should().ThrowAsync<OperationCanceledException>();

        (await signal.WaitAsync(Minute, default).WaitAsync(Patience)).Should().BeTrue();
    }

    [Fact]
    public async Task A_wait_that_is_over_leaves_no_timer_behind()
    {
        var signal = new Signal(time);
        var wait = signal.WaitAsync(Minute, default);
        await time.TimersAsync(1);
        signal.Set();
        await wait.WaitAsync(Patience);

        time.Invoking(x => x.Next).Should().Throw<InvalidOperationException>("there is none");
    }

    [Fact]
    public async Task Whoever_sets_a_state_and_then_the_signal_is_seen_however_threads_meet()
    {
        const int Last = 20_000;
        var signal = new Signal(TimeProvider.System);
        var state = 0;
        var setter = Task.Factory.StartNew(
            () =>
            {
                for (var i = 1; i <= Last; i++)
                {
                    Volatile.Write(ref state, i);
                    signal.Set();
                }
            }, default, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        while (Volatile.Read(ref state) < Last)
        {
            (await signal.WaitAsync(Patience, default)).Should().BeTrue("a signal was lost");
        }

        await setter;
    }
}
