using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Stock;
using Samples.Hosting;

namespace OrderFulfilment;

/// <summary>Creates the tables and fills the shelves.</summary>
public static class Tables
{
    public static Task CreateAsync(IServiceProvider services, CancellationToken cancellationToken = default)
        => DatabaseStart.CreateAsync<FulfilmentDb>(
            services, async (db, cancel) => await (await db.StockLevels.AnyAsync(cancel) ? Task.CompletedTask : FillAsync(db, cancel)), cancellationToken);

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
}
