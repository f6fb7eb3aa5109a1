using Messaging.Toolkit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Schedules;

/// <summary>Reminders are scheduled, put off and cancelled by clients and by handlers, and a bell rings every other second.</summary>
internal sealed class SchedulesApplication : ISimulatedApplication
{
    /// <summary>Of the recurring schedule.</summary>
    public const string Bell = "bell";

    public void ConfigureServices(IServiceCollection services)
    {
        services.AddDbContextPool<SchedulesDb>(SimulatedContext.Configure);
        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<SchedulesDb>()
            .Outbox(outbox => outbox.LeaseDuration = TimeSpan.FromSeconds(5))
            .Inbox(inbox => inbox.CleanupInterval = TimeSpan.FromSeconds(1))

            // Batches that do not take all that is due, so that there is one after the other.
            .Scheduling(scheduling => (scheduling.PollInterval, scheduling.Batch) = (TimeSpan.FromMilliseconds(500), 3))
            .Command<Remind>(c => c.Named("remind").To("reminders").KeyedBy(m => m.Key))
            .Event<Rang>(e => e.Named("rang"))
            .Recurring(Bell, "*/2 * * * * *", tick => new Rang(tick.UtcDateTime))
            .Endpoint("reminders", e => e.Handle<Remind, Reminders>().Concurrency(4))
            .Endpoint("listeners", e => e.Handle<Rang, Listeners>()));
    }
}

internal sealed record Remind(string Key, Guid Plan, bool Again);

internal sealed record Rang(DateTime Tick);

/// <summary>Notes that it was reminded, and wants to be reminded again of some.</summary>
internal sealed class Reminders(SchedulesDb db, TimeProvider time) : IHandle<Remind>
{
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(2);

    public Task HandleAsync(Remind message, MessageContext context, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        db.Reminders.Add(new Reminder { Plan = message.Plan, At = now });
        if (message.Again)
        {
            // The same in each attempt.
            var plan = new Plan { Id = context.MessageId, Name = $"again/{context.MessageId:N}", Key = message.Key, Due = now + Later };
            db.Plans.Add(plan);
            context.Send(new Remind(message.Key, plan.Id, Again: false), options =>
            {
                options.After(Later);
                options.ScheduleId = plan.Name;
            });
        }

        return Task.CompletedTask;
    }
}

internal sealed class Listeners(SchedulesDb db) : IHandle<Rang>
{
    public Task HandleAsync(Rang message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Rings.Add(new Ring { Tick = message.Tick });
        return Task.CompletedTask;
    }
}
