using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Tests.Outbox;
using Messaging.Toolkit.Tests.Runtime;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Tests.Scheduling;

/// <summary>How often the process that keeps house looks at the schedule, counted, with and without somebody else who does.</summary>
public sealed class ScheduleMoverTests : IAsyncLifetime
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(10);

    private readonly ManualTimeProvider time = new();
    private readonly CountedSchedule schedule = new();
    private readonly CancellationTokenSource stop = new();
    private ScheduleMover mover = null!;
    private Task running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        var store = new MemoryStore(0) { Schedule = schedule };
        var metrics = new MessagingMetrics();
        var leases = new LeaseKeeper(store, "one", new OutboxOptions { LeaseDuration = TimeSpan.FromMinutes(10) }, () => { }, time, metrics, NullLogger.Instance);
        await leases.RunOnceAsync(CancellationToken.None);
        leases.KeepsHouse.Should().BeTrue();
        mover = new ScheduleMover(store, leases, new SchedulingOptions(), time, metrics, new WorkState("schedule"));
        mover.WantsLook.Should().BeFalse("it has not seen for itself that there is a schedule");
        running = RunAsync();
        await time.TimersAsync(1);
    }

    public async Task DisposeAsync()
    {
        stop.Cancel();
        await running;
        stop.Dispose();
    }

    [Fact]
    public async Task It_looks_at_each_interval_when_nobody_else_does()
    {
        for (var second = 0; second < 10; second++)
        {
            await AdvanceAsync(Second);
        }

        schedule.Looks.Should().Be(11);
    }

    [Fact]
    public async Task It_does_not_look_while_somebody_else_does_and_does_so_soon_when_nobody_does_any_more()
    {
        await AdvanceAsync(Second / 2);
        for (var second = 0; second < 10; second++)
        {
            mover.WantsLook.Should().BeTrue();
            mover.OnLooked(null);
            mover.WantsLook.Should().BeFalse("it has just been done");
            await AdvanceAsync(Second + Moment);
        }

        schedule.Looks.Should().Be(1);
        await AdvanceAsync(Second * 0.05);
        schedule.Looks.Should().Be(2);
    }

    [Fact]
    public async Task What_somebody_else_has_seen_is_looked_for_when_it_is_due()
    {
        await AdvanceAsync(Second / 2);
        mover.OnLooked(Second * 0.9);

        await AdvanceAsync(Second * 0.89);
        schedule.Looks.Should().Be(1);
        await AdvanceAsync(Moment);
        schedule.Looks.Should().Be(2);
    }

    [Fact]
    public async Task What_somebody_else_has_seen_to_be_due_is_looked_for_at_once()
    {
        await AdvanceAsync(Second / 2);

        mover.OnLooked(TimeSpan.FromSeconds(-1));
        await schedule.LookedAsync(2);

        schedule.Looks.Should().Be(2);
    }

    [Fact]
    public async Task A_message_of_this_process_is_looked_for_in_time_although_the_look_was_put_off()
    {
        await AdvanceAsync(Second / 2);
        mover.OnScheduled(Second * 0.7);
        mover.OnLooked(null);

        await AdvanceAsync(Second * 0.7);

        schedule.Looks.Should().Be(2, "it is due between the look that was put off and the one after it");
    }

    [Fact]
    public async Task A_message_of_this_process_wakes_it_that_is_due_before_the_look_that_was_put_off()
    {
        await AdvanceAsync(Second / 2);
        mover.OnLooked(null);
        await AdvanceAsync(Second * 0.6);

        mover.OnScheduled(TimeSpan.Zero);
        await schedule.LookedAsync(2);

        schedule.Looks.Should().Be(2);
    }

    /// <summary>Lets time pass; whenever the mover's timer fires, the clock waits for it to wait for the clock again.</summary>
    private async Task AdvanceAsync(TimeSpan by)
    {
        while (by > TimeSpan.Zero)
        {
            var step = time.Next < by ? time.Next : by;
            time.Advance(step);
            await time.TimersAsync(1);
            by -= step;
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await mover.RunOnceAsync(stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private sealed class CountedSchedule : IScheduleStore
    {
        private readonly SemaphoreSlim looked = new(0);

        public event Action<TimeSpan>? Scheduled
        {
            add { }
            remove { }
        }

        public int Looks { get; private set; }

        public async Task LookedAsync(int looks)
        {
            while (Looks < looks)
            {
                (await looked.WaitAsync(TimeSpan.FromSeconds(10))).Should().BeTrue("there is another look");
            }
        }

        public Task<ScheduleRound> MoveDueAsync(int count, CancellationToken cancellationToken)
        {
            Looks++;
            looked.Release();
            return Task.FromResult(default(ScheduleRound));
        }

        public Task<int> CancelNowAsync(string scheduleId, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<RecurringReading> ReadRecurringAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task BeginRecurringAsync(RecurringRecord recurring, string? replaces, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> FireAsync(RecurringRecord tick, IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
