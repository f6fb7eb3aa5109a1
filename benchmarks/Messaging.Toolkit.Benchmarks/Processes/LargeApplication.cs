using System.Diagnostics;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Benchmarks.Processes;

/// <summary>An application with <see cref="NumberedMessages"/>, to be started.</summary>
internal static class LargeApplication
{
    /// <summary>How many milliseconds it takes from nothing until the host has started, beside EF's work on its model and the first connection.</summary>
    public static async Task<double> StartAsync(BenchmarkDatabase database, bool withMessaging)
    {
        var building = Stopwatch.StartNew();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddDbContextPool<ShopDb>(database.Configure);
        if (withMessaging)
        {
            builder.Services.AddMessaging(messaging => NumberedMessages.Register(messaging.UseEntityFrameworkCore<ShopDb>()));
        }

        using var host = builder.Build();
        building.Stop();
        await PrepareContextAsync(host);

        var starting = Stopwatch.StartNew();
        await host.StartAsync();
        starting.Stop();
        await host.StopAsync();
        return (building.Elapsed + starting.Elapsed).TotalMilliseconds;
    }

    private static async Task PrepareContextAsync(IHost host)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ShopDb>();
        db.Model.GetRelationalModel();
        await db.Orders.AnyAsync();
    }
}
