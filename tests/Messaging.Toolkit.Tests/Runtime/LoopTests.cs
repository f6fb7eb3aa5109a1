using Messaging.Toolkit.Runtime;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Tests.Runtime;

public sealed class LoopTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider time = new();
    private readonly CountingLogger logger = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int steps;

    [Fact]
    public async Task It_repeats_its_step_until_it_is_stopped()
    {
        var running = Run(_ =>
        {
            if (steps == 100)
            {
                stopping.Cancel();
            }

            return Task.CompletedTask;
        });

        await running.WaitAsync(Patience);
        steps.Should().Be(100);
        logger.Failures.Should().BeEmpty();
    }

    [Fact]
    public async Task A_stop_ends_a_step_that_waits()
    {
        var running = Run(async token =>
        {
            enough.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, time, token);
        });

        await enough.Task.WaitAsync(Patience);
        await stopping.CancelAsync();

        await running.WaitAsync(Patience);
        logger.Failures.Should().BeEmpty("a stop is no failure");
    }

    [Fact]
    public async Task After_a_failure_it_logs_waits_longer_each_time_and_goes_on()
    {
        var running = Run(_ => steps <= 4 ? throw new NotSupportedException() : Stop());

        foreach (var pause in new[] { 50, 100, 200, 200 })
        {
            await time.TimersAsync(1);
            time.Next.TotalMilliseconds.Should().BeApproximately(pause, 0.01);
            time.Advance(time.Next);
        }

        await running.WaitAsync(Patience);
        logger.Failures.Should().Equal(1, 2, 3, 4);
        steps.Should().Be(5);
    }

    [Fact]
    public async Task A_success_in_between_makes_the_next_pause_short_again()
    {
        var running = Run(_ => steps is 1 or 2 or 4 ? throw new NotSupportedException() : steps == 5 ? Stop() : Task.CompletedTask);

        foreach (var pause in new[] { 50, 100, 50 })
        {
            await time.TimersAsync(1);
            time.Next.TotalMilliseconds.Should().BeApproximately(pause, 0.01);
            time.Advance(time.Next);
        }

        await running.WaitAsync(Patience);
        logger.Failures.Should().Equal(1, 2, 1);
    }

    [Fact]
    public async Task The_end_of_a_step_that_has_lasted_longer_than_any_pause_is_the_first_failure_again()
    {
        var running = Run(_ =>
        {
            time.Advance(TimeSpan.FromMilliseconds(steps == 3 ? 201 : 199));
            return steps <= 4 ? throw new NotSupportedException() : Stop();
        });

        foreach (var pause in new[] { 50, 100, 50, 100 })
        {
            await time.TimersAsync(1);
            time.Next.TotalMilliseconds.Should().BeApproximately(pause, 0.01);
            time.Advance(time.Next);
        }

        await running.WaitAsync(Patience);
        logger.Failures.Should().Equal(1, 2, 1, 2);
    }

    [Fact]
    public async Task A_cancellation_that_is_not_its_own_stop_is_a_failure_like_any_other()
    {
        var running = Run(_ => steps == 1 ? throw new OperationCanceledException() : Stop());

        await time.TimersAsync(1);
        time.Advance(TimeSpan.FromSeconds(1));

        await running.WaitAsync(Patience);
        logger.Failures.Should().Equal(1);
        steps.Should().Be(2);
    }

    [Fact]
    public async Task A_stop_ends_the_pause_after_a_failure()
    {
        var running = Run(_ => throw new NotSupportedException());
        await time.TimersAsync(1);

        await stopping.CancelAsync();

        await running.WaitAsync(Patience);
        steps.Should().Be(1);
    }

    [Fact]
    public async Task What_says_that_the_loop_makes_no_sense_any_more_ends_it()
    {
        var cause = new NotSupportedException();
        var running = Run(_ => throw new EndLoopException("over", cause));

        (await running.Invoking(x => x.WaitAsync(Patience)).Should().ThrowAsync<EndLoopException>()).Which.InnerException.Should().BeSameAs(cause);
        logger.Failures.Should().BeEmpty();
    }

    [Fact]
    public async Task The_first_step_does_not_run_in_the_caller()
    {
        var caller = new object();
        object? seen = null;
        var current = new ThreadLocal<object?> { Value = caller };
        var running = Run(_ =>
        {
            seen = current.Value;
            return Stop();
        });
        current.Value = null; // Whatever runs on this thread from here on is not inside of the call.

        await running.WaitAsync(Patience);
        seen.Should().BeNull();
    }

    public void Dispose() => stopping.Dispose();

    private Task Run(Func<CancellationToken, Task> step)
        => new Loop("test", time, new ConstantEntropy(0xFF), TimeSpan.FromMilliseconds(200), logger).RunAsync(
            token =>
            {
                steps++;
                return step(token);
            }, stopping.Token);

    private Task Stop()
    {
        stopping.Cancel();
        return Task.CompletedTask;
    }

    private sealed class CountingLogger : ILogger
    {
        public List<int> Failures { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            eventId.Id.Should().Be(1);
            logLevel.Should().Be(LogLevel.Warning);
            exception.Should().NotBeNull();
            Failures.Add((int)((IReadOnlyList<KeyValuePair<string, object?>>)state!).Single(value => value.Key == "Failures").Value!);
        }
    }
}
