using Messaging.Toolkit;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace OrderFulfilment.Tests;

/// <summary>The code of docs/scheduling.md.</summary>
public sealed class ScheduleExamples
{
    [Fact]
    public void The_configuration_is_right()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());

        Configure(builder);

        builder.Services.Should().NotBeEmpty();
    }

    private static void Configure(WebApplicationBuilder builder)
    {
        builder.Services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<ShopDb>()
            .Scheduling(s => s.PollInterval = TimeSpan.FromMilliseconds(200))   // default 1 s
            .Command<RunNightlyReport>(c => c.Named("reports.run-nightly").To("reports"))
            .Recurring("nightly-report", "0 3 * * *", () => new RunNightlyReport(), r => r.In(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")))
            .Endpoint("reports", e => e.Handle<RunNightlyReport, Reports>()));
    }

    private static async Task ScheduleAsync(ShopDb db, IMessageBus bus, Order order)
    {
        db.Orders.Add(order);
        bus.Publish(new PaymentOverdue(order.Id), o =>
        {
            o.After(TimeSpan.FromDays(14));                 // or o.At(time)
            o.ScheduleId = $"payment-overdue/{order.Id}";   // only for what may be cancelled
        });
        await db.SaveChangesAsync();

        // when the payment comes, in the transaction that books it
        bus.Cancel($"payment-overdue/{order.Id}");
        await db.SaveChangesAsync();
    }

    private static async Task PutOffAsync(ShopDb db, IMessageBus bus, Order order, DateTimeOffset newTime)
    {
        bus.Cancel($"reminder/{order.Id}");
        bus.Publish(new Reminder(order.Id), o => o.At(newTime).ScheduleId = $"reminder/{order.Id}");
        await db.SaveChangesAsync();
    }

    private sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options)
    {
        public DbSet<Order> Orders => Set<Order>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
    }

    private sealed class Reports : IHandle<RunNightlyReport>
    {
        public Task HandleAsync(RunNightlyReport message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed record Order(Guid Id);

    private sealed record PaymentOverdue(Guid OrderId);

    private sealed record Reminder(Guid OrderId);

    private sealed record RunNightlyReport;
}
