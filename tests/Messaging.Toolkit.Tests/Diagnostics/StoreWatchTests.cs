using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Measuring;
using Messaging.Toolkit.Tests.Runtime;

namespace Messaging.Toolkit.Tests.Diagnostics;

/// <summary>How often the database is asked how much waits in it.</summary>
public sealed class StoreWatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider time = new();
    private readonly FiguresStore store = new();
    private readonly ObservabilityOptions options = new();
    private readonly StoreWatch watch;

    public StoreWatchTests() => watch = new StoreWatch(store, options, time);

    [Fact]
    public async Task Nobody_asks_it_while_nobody_wants_to_know()
    {
        using var stopping = new CancellationTokenSource();
        var round = watch.RunOnceAsync(stopping.Token);
        time.Advance(TimeSpan.FromHours(1));

        round.IsCompleted.Should().BeFalse();
        store.Reads.Should().Be(0);
        stopping.Cancel();
        await round.Invoking(x => x).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Who_asks_gets_what_is_known_at_once_and_the_database_is_asked_once_for_each_interval()
    {
        var idle = watch.RunOnceAsync(CancellationToken.None);

        watch.Ask().Should().BeNull("he is not let wait for a database");
        await idle.WaitAsync(Patience);
        for (var round = 1; round <= 3; round++)
        {
            var measuring = watch.RunOnceAsync(CancellationToken.None);
            for (var asked = 0; asked < 100; asked++)
            {
                watch.Ask()!.Value.Should().BeSameAs(store.Figures);
            }

            await PassAsync(measuring);
            store.Reads.Should().Be(round);
        }
    }

    [Fact]
    public async Task When_nobody_has_asked_for_an_hour_it_is_left_alone_until_somebody_does()
    {
        var rounds = ObservabilityOptions.WantedFor / options.MeasureInterval;
        watch.Ask();
        for (var round = 0; round <= rounds; round++)
        {
            await PassAsync(watch.RunOnceAsync(CancellationToken.None));
        }

        var idle = watch.RunOnceAsync(CancellationToken.None);
        if (idle.IsCompleted)
        {
            // The signal of the first question, which nobody had waited for.
            idle = watch.RunOnceAsync(CancellationToken.None);
        }

        time.Advance(TimeSpan.FromHours(1));
        idle.IsCompleted.Should().BeFalse();
        store.Reads.Should().Be((int)rounds + 1);

        watch.Ask().Should().BeNull("what was true an hour ago is no answer, and says nothing of the database");
        await idle.WaitAsync(Patience);
        await PassAsync(watch.RunOnceAsync(CancellationToken.None));
        store.Reads.Should().Be((int)rounds + 2);
    }

    private async Task PassAsync(Task measuring)
    {
        measuring.IsCompleted.Should().BeFalse("it waits for its next round");
        time.Advance(options.MeasureInterval);
        await measuring.WaitAsync(Patience);
    }
}
