using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Limits;

/// <summary>
/// Jobs depend on something that is away for three of every ten seconds. They are published under keys, some more than once; some are urgent, some are of
/// no use after a moment, and for some somebody waits. What is done is reported to an endpoint that takes its time.
/// </summary>
internal sealed class LimitedApplication : ISimulatedApplication
{
    public const string IsUrgent = "urgent";
    public const int Concurrency = 4;
    public const int MinimumThroughput = 4;
    public const int ReportsPerSecond = 5;

    public static readonly TimeSpan Window = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan Break = TimeSpan.FromSeconds(1);

    public void ConfigureServices(IServiceCollection services)
    {
        services.AddDbContextPool<LimitedDb>(SimulatedContext.Configure);
        services.AddSingleton<Watch>();
        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<LimitedDb>()
            .Outbox(outbox => outbox.LeaseDuration = TimeSpan.FromSeconds(5))
            .Inbox(inbox => inbox.CleanupInterval = TimeSpan.FromSeconds(1))
            .Event<Job>(e => e.Named("job").KeyedBy(m => m.Key))
            .Event<Report>(e => e.Named("report").KeyedBy(m => m.Key).ExpiresAfter(TimeSpan.FromSeconds(8)))
            .Endpoint("jobs", e => e
                .Handle<Job, JobHandler>()
                .Concurrency(Concurrency)
                .Urgent(envelope => envelope.Headers.ContainsKey(IsUrgent))
                .OnFailure(f => f.RetryImmediately(10))
                .CircuitBreaker(b => b.FailureRatio(0.5).Over(Window).MinimumThroughput(MinimumThroughput).BreakFor(Break).CloseAfter(2)))
            .Endpoint("reports", e => e.Handle<Report, ReportHandler>().Concurrency(Concurrency).ShareCommits(1).RateLimit(ReportsPerSecond, TimeSpan.FromSeconds(1)).DeadLetterExpired())
            .Endpoint("askers", e => e.Handle<Answer, AskerHandler>()));
    }
}

internal sealed record Job(string? Key, string Name);

internal sealed record Report(string? Key, string Name);

internal sealed class JobHandler(LimitedDb db, Watch watch) : IHandle<Job>
{
    public Task HandleAsync(Job message, MessageContext context, CancellationToken cancellationToken)
    {
        watch.CallDownstream(context.Attempt);
        db.Deeds.Add(new Deed { Endpoint = context.Endpoint, Job = message.Name, IsBeyondLimit = watch.IsBeyondLimit });
        context.Publish(new Report(message.Key, message.Name));
        return Task.CompletedTask;
    }
}

internal sealed class ReportHandler(LimitedDb db, Watch watch) : IHandle<Report>
{
    public Task HandleAsync(Report message, MessageContext context, CancellationToken cancellationToken)
    {
        watch.Report();
        db.Deeds.Add(new Deed { Endpoint = context.Endpoint, Job = message.Name, IsBeyondLimit = watch.IsBeyondLimit });
        return Task.CompletedTask;
    }
}

internal sealed class AskerHandler(LimitedDb db) : IHandle<Answer>
{
    public Task HandleAsync(Answer message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Told.Add(new Told { Job = context.Envelope.InReplyTo!, Handled = message.Handled });
        return Task.CompletedTask;
    }
}
