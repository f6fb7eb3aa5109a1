using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Measuring;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Tests.Runtime;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Toolkit.Tests.Diagnostics;

/// <summary>What the health check says of the stores, by what was measured last.</summary>
public sealed class HealthTests
{
    private readonly ManualTimeProvider time = new();
    private readonly FiguresStore store = new();
    private readonly ObservabilityOptions observability = new();
    private readonly MessagingHealthOptions options = new();
    private readonly BackgroundWork work = new();
    private readonly ObservedStores stores = new();
    private readonly StoreWatch watch;
    private Measured<IReadOnlyList<SagaStanding>>? sagas;

    public HealthTests()
    {
        watch = new StoreWatch(store, observability, time);
        stores.Add(new ObservedStore("shop", watch, () => 64, () => sagas, observability, time));
        work.Add("endpoint billing").Works();
    }

    [Fact]
    public async Task What_waits_below_the_thresholds_is_healthy_and_told()
    {
        var result = await MeasuredAsync(new() { OutboxPending = 7, OutboxOldestAge = TimeSpan.FromSeconds(59), Parked = 3, DeadLetters = 0, ScheduleLag = TimeSpan.FromSeconds(1.25) });

        result.Status.Should().Be(HealthStatus.Healthy);
        result.Data.Should().BeEquivalentTo(new Dictionary<string, object>
        {
            ["endpoint billing"] = "It works.",
            ["measured of shop"] = "0 s ago",
            ["rows in the outbox of shop"] = "7 messages",
            ["age of the outbox of shop"] = "59 s",
            ["parked in shop"] = "3 messages",
            ["dead letters of shop"] = "0",
            ["schedule of shop is late by"] = "1.3 s",
        });
    }

    [Theory]
    [InlineData(60, 0, HealthStatus.Degraded, "A message has been in the outbox of shop for 60 s.")]
    [InlineData(600, 0, HealthStatus.Unhealthy, "A message has been in the outbox of shop for 600 s.")]
    [InlineData(0, 1, HealthStatus.Degraded, "shop has 1 dead letters.")]
    [InlineData(0, 10_000, HealthStatus.Degraded, "shop has 10000 or more dead letters.")]
    [InlineData(601, 2, HealthStatus.Unhealthy, "A message has been in the outbox of shop for 601 s. shop has 2 dead letters.")]
    public async Task What_reaches_a_threshold_is_told(int age, int deadLetters, HealthStatus status, string text)
    {
        var result = await MeasuredAsync(new() { OutboxPending = 1, OutboxOldestAge = TimeSpan.FromSeconds(age), Parked = 0, DeadLetters = deadLetters, ScheduleLag = default });

        (result.Status, result.Description).Should().Be((status, text));
    }

    [Fact]
    public async Task Thresholds_can_be_others_and_can_be_none()
    {
        (options.OutboxAgeDegraded, options.OutboxAgeUnhealthy, options.DeadLettersDegraded, options.DeadLettersUnhealthy) = (null, null, null, 5);

        (await MeasuredAsync(new() { OutboxPending = 1, OutboxOldestAge = TimeSpan.FromDays(9), Parked = 0, DeadLetters = 4, ScheduleLag = default })).Status.Should().Be(HealthStatus.Healthy);
        (await MeasuredAsync(new() { OutboxPending = 1, OutboxOldestAge = default, Parked = 0, DeadLetters = 5, ScheduleLag = default })).Status.Should().Be(HealthStatus.Unhealthy);
    }

    [Fact]
    public async Task Stuck_sagas_are_told_where_somebody_looks_for_them()
    {
        sagas = new([new("checkout", 1, "s", SagaStatus.Running, "ship", 9), new("checkout", 1, "s", SagaStatus.Stuck, "ship", 2), new("refund", 1, "s", SagaStatus.Stuck, "pay", 1)], time.GetTimestamp());

        var result = await MeasuredAsync(store.Figures);

        (result.Status, result.Description).Should().Be((HealthStatus.Degraded, "3 sagas of shop are stuck."));
        result.Data["stuck sagas of shop"].Should().Be("3");
    }

    [Fact]
    public async Task What_was_not_measured_yet_is_not_called_healthy()
    {
        var result = await CheckAsync();

        (result.Status, result.Description).Should().Be((HealthStatus.Degraded, "shop was not measured yet."));
    }

    /// <summary>The database is gone: nothing good is said of it any more, and nothing bad that may not be so.</summary>
    [Fact]
    public async Task What_was_measured_too_long_ago_is_called_that_and_nothing_else()
    {
        await MeasuredAsync(new() { OutboxPending = 1, OutboxOldestAge = TimeSpan.FromHours(1), Parked = 0, DeadLetters = 9, ScheduleLag = default });
        store.IsDown = true;
        await watch.Invoking(x => x.RunOnceAsync(CancellationToken.None)).Should().ThrowAsync<TimeoutException>();

        time.Advance(TimeSpan.FromSeconds(46));
        var result = await CheckAsync();

        (result.Status, result.Description).Should().Be((HealthStatus.Degraded, "shop was last measured 46 s ago: its database does not answer, see the log."));
        result.Data.Values.OfType<string>().Should().NotContain(text => text.Contains("secret"));
    }

    [Fact]
    public async Task It_asks_no_database_itself()
    {
        store.IsDown = true;

        for (var i = 0; i < 100; i++)
        {
            await CheckAsync();
        }

        store.Reads.Should().Be(0);
    }

    [Fact]
    public async Task Without_thresholds_it_tells_of_the_process_alone_and_has_nothing_measured()
    {
        var result = await new MessagingHealthCheck(work, stores).CheckHealthAsync(Context);

        result.Status.Should().Be(HealthStatus.Healthy);
        result.Data.Should().ContainSingle();
        watch.Ask().Should().BeNull();
    }

    [Fact]
    public void What_thresholds_cannot_be_is_told_together()
    {
        var wrong = new MessagingHealthOptions { OutboxAgeDegraded = TimeSpan.FromHours(1), DeadLettersDegraded = 0, DeadLettersUnhealthy = 10_001, StuckSagasDegraded = 5, StuckSagasUnhealthy = 4 };

        wrong.Validate(countUpTo: 10_000).Should().BeEquivalentTo(
            "DeadLettersDegraded of the health check is 0: set it between 1 and 10000 (Observability.CountUpTo), or to null.",
            "DeadLettersUnhealthy of the health check is 10001: set it between 1 and 10000 (Observability.CountUpTo), or to null.",
            "OutboxAgeUnhealthy of the health check (00:10:00) must not be less than OutboxAgeDegraded (01:00:00).",
            "A threshold of the health check for unhealthy is less than the one for degraded: raise DeadLettersUnhealthy or StuckSagasUnhealthy, or lower the other one.");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(31 * 86400)]
    public void An_age_that_cannot_be_is_told(int seconds)
        => new MessagingHealthOptions { OutboxAgeDegraded = TimeSpan.FromSeconds(seconds), OutboxAgeUnhealthy = null }.Validate(countUpTo: 10_000).Should().ContainSingle().Which.Should().StartWith("OutboxAgeDegraded");

    private static HealthCheckContext Context => new() { Registration = new("messaging", _ => null!, HealthStatus.Unhealthy, tags: null) };

    private Task<HealthCheckResult> CheckAsync() => new MessagingHealthCheck(work, stores, options).CheckHealthAsync(Context);

    private async Task<HealthCheckResult> MeasuredAsync(StoreFigures figures)
    {
        store.Figures = figures;
        watch.Ask();
        await MeasureAsync();
        return await CheckAsync();
    }

    /// <summary>One round, up to its wait.</summary>
    private Task MeasureAsync()
    {
        using var measured = new CancellationTokenSource();
        var round = watch.RunOnceAsync(measured.Token);
        measured.Cancel();
        return round.ContinueWith(static _ => { }, TaskScheduler.Default);
    }
}
