using System.Diagnostics.Metrics;
using System.Threading.RateLimiting;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Toolkit.Testing.Tests.Limits;

/// <summary>Endpoints that stop by themselves, and go on by themselves.</summary>
public sealed class ThrottleTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Counts counts = new();
    private readonly List<DateTimeOffset> runs = [];
    private DateTimeOffset brokenUntil;

    public void Dispose() => counts.Dispose();

    [Fact]
    public void While_what_handlers_depend_on_is_away_messages_wait_and_are_not_given_up()
    {
        using var harness = Start(Breaker);
        brokenUntil = harness.Time.GetUtcNow() + (30 * Second);

        harness.Publish(null, Enumerable.Range(1, 100));
        harness.Advance(29 * Second);

        runs.Should().HaveCountLessThan(10 + 8 + 6, "ten until it opens, those that run at once with them, and one each five seconds");
        var health = Health(harness);
        health.Status.Should().Be(HealthStatus.Degraded);
        health.Description.Should().StartWith("circuit of endpoint desk: Its handlers have failed too often: since 2030-01-01 00:00:0").And.Contain("its circuit is open");
        counts["circuit.open"].Should().Be(1);

        harness.WaitUntilIdle();

        harness.Done().Order().Should().Equal(Enumerable.Range(1, 100));
        harness.DeadLetters.Should().BeEmpty();
        counts["circuit.open"].Should().Be(0);
        counts["circuit.opened"].Should().BeInRange(5, 7);
        Health(harness).Status.Should().Be(HealthStatus.Healthy);
    }

    [Fact]
    public void Other_endpoints_go_on()
    {
        using var harness = Start(Breaker);
        brokenUntil = DateTimeOffset.MaxValue;

        harness.Publish(null, Enumerable.Range(1, 100));
        harness.Advance(10 * Second);
        harness.Run<DeskDb>(async db =>
        {
            db.Publish(new Noted(1));
            await db.SaveChangesAsync();
        });
        harness.Advance(Second);

        harness.Handled<Noted>("archive").Should().ContainSingle();
        harness.Done().Should().BeEmpty();
    }

    [Fact]
    public void Failures_that_do_not_count_leave_it_closed()
    {
        using var harness = Start(e => e.OnFailure(f => f.RetryImmediately(0)).CircuitBreaker(b => b.MinimumThroughput(10).On<TimeoutException>()));
        brokenUntil = DateTimeOffset.MaxValue;

        harness.Publish(null, Enumerable.Range(1, 100));
        harness.WaitUntilIdle();

        harness.DeadLetters.Should().HaveCount(100);
        counts["circuit.opened"].Should().Be(0);
    }

    [Fact]
    public void No_more_are_handled_than_the_rate_allows()
    {
        using var harness = Start(e => e.RateLimit(10, Second));

        harness.Publish(null, Enumerable.Range(1, 60));
        harness.WaitUntilIdle();

        harness.Done().Should().HaveCount(60);
        for (var i = 0; i + 20 < runs.Count; i++)
        {
            (runs[i + 20] - runs[i]).Should().BeGreaterThanOrEqualTo(Second - TimeSpan.FromMilliseconds(1), "within a second ten are new and ten may be saved up");
        }

        (runs[^1] - runs[0]).Should().BeCloseTo(5 * Second, TimeSpan.FromMilliseconds(200), "and it does not go slower than it may");
        counts["rate_limit.waits"].Should().BeGreaterThan(10);
    }

    [Fact]
    public void A_limiter_of_the_applications_own_is_shared_by_endpoints()
    {
        using var limiter = new ConcurrencyLimiter(new() { PermitLimit = 2, QueueLimit = 10 });
        var most = 0L;
        using var harness = Start(
            e => e.RateLimit(_ => limiter),
            async (_, _, time) =>
            {
                // On SQLite one of the handlers runs and the others wait to; both have a permit.
                await Task.Delay(Second, time);
                most = Math.Max(most, 2 - limiter.GetStatistics()!.CurrentAvailablePermits);
            },
            m => m.Endpoint("other", e => e.Handle<Request, DeskHandler>().RateLimit(_ => limiter)));

        harness.Publish(null, Enumerable.Range(1, 20));
        harness.WaitUntilIdle();

        harness.Done().Should().HaveCount(40, "each at both endpoints");
        most.Should().Be(2);
        limiter.GetStatistics()!.CurrentAvailablePermits.Should().Be(2, "all are given back");
        limiter.GetStatistics()!.CurrentQueuedCount.Should().Be(0);
    }

    [Fact]
    public void A_limiter_that_throws_stops_its_endpoint_and_loses_nothing()
    {
        var limiter = new Brittle();
        using var harness = Start(e => e.RateLimit(_ => limiter));

        harness.Publish(null, [1, 2, 3]);
        harness.Advance(30 * Second);
        harness.Done().Should().BeEmpty();
        harness.Log.Should().Contain("its rate limiter fails");

        limiter.IsMended = true;
        harness.WaitUntilIdle();
        harness.Done().Should().BeEquivalentTo([1, 2, 3]);
    }

    [Fact]
    public void Urgent_messages_go_first()
    {
        using var harness = Start(e => e.Concurrency(1).ShareCommits(1).Urgent(envelope => envelope.Headers.ContainsKey("urgent")));

        harness.Run<DeskDb>(async db =>
        {
            for (var number = 1; number <= 20; number++)
            {
                db.Publish(new Request($"key {number}", number), options =>
                {
                    if (number > 15)
                    {
                        options.Headers["urgent"] = "";
                    }
                });
            }

            await db.SaveChangesAsync();
        });
        harness.WaitUntilIdle();

        harness.Done().Take(6).Should().BeSubsetOf([1, 16, 17, 18, 19, 20], "one may have begun before the others had come");
        harness.Done().Should().HaveCount(20);
    }

    [Fact]
    public void A_predicate_that_throws_makes_nothing_urgent_and_loses_nothing()
    {
        using var harness = Start(e => e.Urgent(_ => throw new InvalidOperationException("who knows")));

        harness.Publish(null, [1, 2, 3]);
        harness.WaitUntilIdle();

        harness.Done().Should().BeEquivalentTo([1, 2, 3]);
        harness.Log.Should().Contain("is urgent cannot be told");
    }

    private static void Breaker(EndpointBuilder endpoint) => endpoint
        .OnFailure(f => f.RetryImmediately(20))
        .ShareCommits(1)
        .CircuitBreaker(b => b.FailureRatio(0.5).Over(TimeSpan.FromSeconds(10)).MinimumThroughput(10).BreakFor(5 * Second).CloseAfter(2));

    private MessagingHarness Start(
        Action<EndpointBuilder> limits, Func<Request, MessageContext, TimeProvider, Task>? work = null, Action<MessagingBuilder>? messaging = null)
        => Desk.Start(limits, work ?? Work, request: null, messaging, services => services.AddSingleton<IMeterFactory>(counts));

    private Task Work(Request message, MessageContext context, TimeProvider time)
    {
        runs.Add(time.GetUtcNow());
        return time.GetUtcNow() < brokenUntil ? throw new InvalidOperationException("it is away") : Task.CompletedTask;
    }

    private static HealthCheckResult Health(MessagingHarness harness) => harness.Run<MessagingHealthCheck, HealthCheckResult>(check => check.CheckHealthAsync(new HealthCheckContext
    {
        Registration = new HealthCheckRegistration("messaging", check, HealthStatus.Unhealthy, tags: null),
    }));

    private sealed class Brittle : RateLimiter
    {
        public bool IsMended { get; set; }

        public override TimeSpan? IdleDuration => null;

        public override RateLimiterStatistics? GetStatistics() => null;

        protected override RateLimitLease AttemptAcquireCore(int permitCount) => IsMended ? new Lease() : throw new InvalidOperationException("broken");

        protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) => new(AttemptAcquireCore(permitCount));

        private sealed class Lease : RateLimitLease
        {
            public override bool IsAcquired => true;

            public override IEnumerable<string> MetadataNames => [];

            public override bool TryGetMetadata(string metadataName, out object? metadata)
            {
                metadata = null;
                return false;
            }
        }
    }
}
