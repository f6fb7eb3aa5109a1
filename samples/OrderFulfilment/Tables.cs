using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Stock;

namespace OrderFulfilment;

/// <summary>Creates the tables and fills the shelves. Only a sample does it like this: real applications have migrations.</summary>
public static class Tables
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Waits for a database that is not there yet, as when it is started together with the application.</summary>
    public static async Task CreateAsync(IServiceProvider services, CancellationToken cancellationToken = default)
    {
        var logger = services.GetRequiredService<ILogger<FulfilmentDb>>();
        for (var started = DateTime.UtcNow; ;)
        {
            try
            {
                await TryCreateAsync(services, cancellationToken);
                return;
            }
            catch (Exception exception) when (IsOfDatabase(exception) && DateTime.UtcNow - started < Patience)
            {
                logger.LogWarning("The database is not ready ({Exception}); trying again.", exception.GetType().Name);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }
        }
    }

    /// <summary>Fills the shelves.</summary>
    public static async Task FillAsync(FulfilmentDb db, CancellationToken cancellationToken = default)
    {
        db.StockLevels.AddRange(Catalogue.Products.Values.Select(product => new StockLevel
        {
            Product = product.Id,
            Received = product.InStock,
            Available = product.InStock,
        }));
        await db.SaveChangesAsync(cancellationToken);
    }

    private static async Task TryCreateAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FulfilmentDb>();
        await db.Database.EnsureCreatedAsync(cancellationToken);
        if (!await db.StockLevels.AnyAsync(cancellationToken))
        {
            await FillAsync(db, cancellationToken);
        }
    }

    /// <summary>EF Core wraps what may pass in an <see cref="InvalidOperationException"/> that advises to retry.</summary>
    private static bool IsOfDatabase(Exception exception)
        => exception is DbException or DbUpdateException or InvalidOperationException { InnerException: DbException };
}
