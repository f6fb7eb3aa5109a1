using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Simulations.Failing;

/// <summary>Counters, what was done because of them, and what was mended.</summary>
internal sealed class FailingDb(DbContextOptions<FailingDb> options) : DbContext(options)
{
    public DbSet<Counter> Counters => Set<Counter>();

    public DbSet<Effect> Effects => Set<Effect>();

    public DbSet<Mending> Mendings => Set<Mending>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddMessaging();
        modelBuilder.Entity<Counter>().HasKey(counter => counter.Key);

        // Two that count at once must not both get the same number.
        modelBuilder.Entity<Counter>().Property(counter => counter.Number).IsConcurrencyToken();
        modelBuilder.Entity<Mending>().HasKey(mending => new { mending.Key, mending.Number });
    }
}

/// <summary>Its number is the number of the last message of its key.</summary>
internal sealed class Counter
{
    public required string Key { get; init; }

    public int Number { get; set; }
}

/// <summary>A message was handled.</summary>
internal sealed class Effect
{
    public long Id { get; init; }

    public required string Endpoint { get; init; }

    public required string Key { get; init; }

    public required int Number { get; init; }
}

/// <summary>What a message needs was mended.</summary>
internal sealed class Mending
{
    public required string Key { get; init; }

    public required int Number { get; init; }
}
