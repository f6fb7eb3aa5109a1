using System.Text.Json.Serialization;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Inspection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using OrderFulfilment.Checkout;
using OrderFulfilment.Ordering;
using Samples.Hosting;

namespace OrderFulfilment;

public static class Program
{
    public static Task<int> Main(string[] args) => SampleProgram.RunAsync(() => Build(args), services => Tables.CreateAsync(services));

    /// <summary>The whole application, ready to be started: tests start it too.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        var settings = Settings.Read(builder.Configuration, OrderFulfilmentServices.Endpoints);

        builder.Services.AddOrderFulfilment(settings.Configure, settings.Broker is { } broker ? broker.Configure : null, settings.Endpoints);
        builder.Services.AddHealthChecks().AddMessaging();
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
        {
            builder.Services.AddOpenTelemetry()
                .WithTracing(tracing => tracing.AddSource("Microsoft.AspNetCore", MessagingDiagnostics.ActivitySourceName))
                .WithMetrics(metrics => metrics.AddMeter(MessagingDiagnostics.MeterName))
                .UseOtlpExporter();
        }

        builder.Services.AddProblemDetails();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new JsonStringEnumConverter()));
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = false);

        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        if (settings.Endpoints.Contains("ordering"))
        {
            app.MapOverview();
            app.MapOrders();
            app.MapCheckouts();
        }

        app.MapGet("/diagnosis", async (IMessagingInspector messaging, CancellationToken cancel) => Results.Text((await messaging.DiagnoseAsync(cancel)).ToString()));
        app.MapHealthChecks("/health/messaging");
        app.MapGet("/health", async (FulfilmentDb db, CancellationToken cancel) => await db.Database.CanConnectAsync(cancel) ? Results.Ok() : Results.StatusCode(503));
        return app;
    }
}
