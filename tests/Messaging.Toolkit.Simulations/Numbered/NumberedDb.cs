using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Simulations.Numbered;

/// <summary>Counters, and what was done because of them.</summary>
internal sealed class NumberedDb(DbContextOptions<NumberedDb> options) : DbContext(options)
{
    public DbSet<Counter> Counters => Set<Counter>();

    public DbSet<Effect> Effects => Set<Effect>();

    public DbSet<Receipt> Receipts => Set<Receipt>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddMessaging();
        modelBuilder.Entity<Counter>().HasKey(counter => counter.Name);

        // Two that count at once must not both get the same number.
        modelBuilder.Entity<Counter>().Property(counter => counter.Number).IsConcurrencyToken();
    }
}

/// <summary>Its number is the number of the last message of its key.</summary>
internal sealed class Counter
{
    public required string Name { get; init; }

    public int Number { get; set; }
}

/// <summary>A transaction that may be tried several times has committed.</summary>
internal sealed class Receipt
{
    public long Id { get; init; }

    public required Guid Transaction { get; init; }
}

/// <summary>A message was handled.</summary>
internal sealed class Effect
{
    public long Id { get; init; }

    public required string Endpoint { get; init; }

    public required string Key { get; init; }

    public required int Number { get; init; }
}
