using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Shop;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>
/// What EF and the database alone ask of handlers that save by themselves and share their commits: 8 workers, 32 saves of a row in each transaction, on one context. There are no messages, no
/// claims and no scopes. It guarantees nothing; it says how much of the time of <c>consume</c> is not the toolkit's.
/// </summary>
internal static class SavesAlone
{
    private const int Group = 32;

    public static async Task<Sample> MeasureAsync(Run run)
    {
        await using var database = await run.CreateDatabaseAsync();
        await using var shop = await HandWrittenShop.CreateAsync(database);
        var groups = Enumerable.Range(0, run.Messages).Chunk(Group).ToList();
        var sample = await run.MeasureAsync(() => Workers.RunAsync(groups.Count, number => SaveAsync(shop, groups[number])));
        await shop.VerifyAsync(invoices: run.Messages);
        return sample;
    }

    private static async Task SaveAsync(HandWrittenShop shop, int[] numbers)
    {
        await using var scope = shop.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<HandWrittenDb>();
        db.Database.AutoSavepointsEnabled = false; // The toolkit does without them, too.
        await using var transaction = await db.Database.BeginTransactionAsync();
        foreach (var number in numbers)
        {
            db.Invoices.Add(new Invoice { Customer = OrderPlaced.CustomerOf(number), Number = number });
            await db.SaveChangesAsync();
            db.ChangeTracker.Clear();
        }

        await transaction.CommitAsync();
    }
}
