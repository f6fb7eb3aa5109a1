using Messaging.Toolkit;
using Messaging.Toolkit.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace OrderFulfilment.Tests;

/// <summary>The code of docs/observability.md.</summary>
public sealed class ObservabilityExamples
{
    [Fact]
    public void Spans_and_metrics_are_turned_on_by_their_names()
    {
        var builder = WebApplication.CreateBuilder();

        builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddSource(MessagingDiagnostics.ActivitySourceName))
            .WithMetrics(metrics => metrics.AddMeter(MessagingDiagnostics.MeterName))
            .UseOtlpExporter();

        builder.Services.Should().Contain(service => service.ServiceType == typeof(TracerProvider));
    }

    [Fact]
    public void What_is_observed_can_be_changed()
    {
        var builder = WebApplication.CreateBuilder();

        builder.Services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<ShopDb>()
            .Observability(o => o.MeasureInterval = TimeSpan.FromSeconds(30))
            .Observability(o => o.LinkDeliveries = true));

        builder.Services.Should().Contain(service => service.ServiceType == typeof(IMessageBus));
    }

    [Fact]
    public async Task Health_has_thresholds()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddMessaging(messaging => messaging.UseEntityFrameworkCore<ShopDb>());

        builder.Services.AddHealthChecks().AddMessaging(health =>
        {
            health.OutboxAgeDegraded = TimeSpan.FromMinutes(2);
            health.DeadLettersDegraded = 10;
        });

        await using var app = builder.Build();
        app.MapHealthChecks("/health/messaging");
        (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries.Keys.Should().Equal("messaging");
    }

    private sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options);
}
