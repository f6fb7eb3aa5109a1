using Microsoft.EntityFrameworkCore;
using Samples.Hosting;
using SpaceProvisioning.Licences;
using SpaceProvisioning.Shards;

namespace SpaceProvisioning;

/// <summary>Creates the tables, with empty shards and a contract for licences.</summary>
public static class Tables
{
    public const int Shards = 4;
    public const int SpacesPerShard = 2_000;
    public const int Licences = 5_000;

    public static Task CreateAsync(IServiceProvider services, CancellationToken cancellationToken = default)
        => DatabaseStart.CreateAsync<ProvisioningDb>(
            services, async (db, cancel) => await (await db.Shards.AnyAsync(cancel) ? Task.CompletedTask : FillAsync(db, cancellationToken: cancel)), cancellationToken);

    /// <summary>Puts up the shards and buys the licences.</summary>
    /// <param name="db">Empty.</param>
    /// <param name="spacesPerShard">The room of each shard.</param>
    /// <param name="licences">How many licences there are.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task FillAsync(ProvisioningDb db, int spacesPerShard = SpacesPerShard, int licences = Licences, CancellationToken cancellationToken = default)
    {
        db.Shards.AddRange(Enumerable.Range(1, Shards).Select(number => new Shard { Name = $"shard-{number}", Room = spacesPerShard, Free = spacesPerShard }));
        db.Contracts.Add(new Contract { Product = Contract.Space, Bought = licences, Free = licences });
        await db.SaveChangesAsync(cancellationToken);
    }
}
