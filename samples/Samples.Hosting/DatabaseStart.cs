using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Samples.Hosting;

/// <summary>Creates the tables of an application. Only samples do it like this: real applications have migrations.</summary>
public static class DatabaseStart
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Waits for a database that is not there yet, as when it is started together with the application.</summary>
    /// <param name="services">The application's.</param>
    /// <param name="fill">Adds what the tables begin with, if it is not there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task CreateAsync<TContext>(IServiceProvider services, Func<TContext, CancellationToken, Task> fill, CancellationToken cancellationToken)
        where TContext : DbContext
    {
        var logger = services.GetRequiredService<ILogger<TContext>>();
        for (var started = DateTime.UtcNow; ;)
        {
            try
            {
                await using var scope = services.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<TContext>();
                await db.Database.EnsureCreatedAsync(cancellationToken);
                await fill(db, cancellationToken);
                return;
            }
            catch (Exception exception) when (IsOfDatabase(exception) && DateTime.UtcNow - started < Patience)
            {
                logger.LogWarning("The database is not ready ({Exception}); trying again.", exception.GetType().Name);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }
        }
    }

    /// <summary>EF Core wraps what may pass in an <see cref="InvalidOperationException"/> that advises to retry.</summary>
    private static bool IsOfDatabase(Exception exception)
        => exception is DbException or DbUpdateException or InvalidOperationException { InnerException: DbException };
}
