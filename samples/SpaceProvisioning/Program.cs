using System.Text.Json.Serialization;
using Samples.Hosting;
using SpaceProvisioning.Spaces;

namespace SpaceProvisioning;

public static class Program
{
    public static Task<int> Main(string[] args) => SampleProgram.RunAsync(() => Build(args), services => Tables.CreateAsync(services));

    /// <summary>The whole application, ready to be started: tests start it too.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        var settings = Settings.Read(builder.Configuration, SpaceProvisioningServices.Endpoints);

        builder.Services.AddSpaceProvisioning(settings.Configure, settings.Broker is { } broker ? broker.Configure : null, settings.Endpoints);
        builder.Services.AddSingleton(Waiting.Read(builder.Configuration));
        builder.Services.AddProblemDetails();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new JsonStringEnumConverter()));
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = false);

        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        if (settings.Endpoints.Contains("spaces"))
        {
            app.MapSpaces();
        }

        app.MapGet("/health", async (ProvisioningDb db, CancellationToken cancel) => await db.Database.CanConnectAsync(cancel) ? Results.Ok() : Results.StatusCode(503));
        return app;
    }
}
