using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using SpaceProvisioning.Deeds;
using SpaceProvisioning.Licences;
using SpaceProvisioning.Routing;
using SpaceProvisioning.Shards;
using SpaceProvisioning.Spaces;

namespace SpaceProvisioning;

/// <summary>
/// The one database of the application. An endpoint changes the tables of its own folder and nobody else's, so that each
/// could move to an application of its own.
/// </summary>
public sealed class ProvisioningDb(DbContextOptions<ProvisioningDb> options, TimeProvider time) : DbContext(options)
{
    // SQLite does not store that a time is UTC.
    private static readonly ValueConverter<DateTime, DateTime> Utc = new(time => time, time => DateTime.SpecifyKind(time, DateTimeKind.Utc));

    public DbSet<Space> Spaces => Set<Space>();

    public DbSet<Shard> Shards => Set<Shard>();

    public DbSet<Placement> Placements => Set<Placement>();

    public DbSet<Contract> Contracts => Set<Contract>();

    public DbSet<Licence> Licences => Set<Licence>();

    public DbSet<HostRoute> Routes => Set<HostRoute>();

    public DbSet<Deed> Deeds => Set<Deed>();

    /// <summary>Notes that a step was done, or undone: in the transaction of what was changed.</summary>
    public void Note(Guid spaceId, string step, MessageContext context, bool isUndo = false) => Deeds.Add(new Deed
    {
        SpaceId = spaceId,
        Step = step,
        IsUndo = isUndo,
        MessageId = context.MessageId,
        At = time.GetUtcNow().UtcDateTime,
    });

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddMessaging();

        modelBuilder.Entity<Space>(space =>
        {
            space.Property(x => x.Id).ValueGeneratedNever();
            space.Property(x => x.Status).HasConversion<string>().HasMaxLength(20);

            // The rule that a name is given once. It hides nothing: a record that is made twice for one space is refused as taken.
            space.HasIndex(x => x.Name).IsUnique();
        });
        modelBuilder.Entity<Shard>().HasKey(x => x.Name);
        modelBuilder.Entity<Placement>().HasIndex(x => x.SpaceId);
        modelBuilder.Entity<Contract>().HasKey(x => x.Product);
        modelBuilder.Entity<Licence>().HasIndex(x => x.SpaceId);
        modelBuilder.Entity<HostRoute>().HasIndex(x => x.SpaceId);
        modelBuilder.Entity<Deed>(deed =>
        {
            deed.Property(x => x.At).HasConversion(Utc);
            deed.HasIndex(x => x.SpaceId);
        });
    }
}
