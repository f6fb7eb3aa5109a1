using System.ComponentModel.DataAnnotations;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;

/// <summary>The application that the tests are made with: orders, and what handlers did because of them.</summary>
public class ShopDb(DbContextOptions options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    public DbSet<Effect> Effects => Set<Effect>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
}

public sealed class Order
{
    public Guid Id { get; set; }

    /// <summary>Who saves another one must have read the last one.</summary>
    [ConcurrencyCheck]
    public int Version { get; set; }
}

/// <summary>One effect of one handler: two rows with the same message and handler are an effect that happened twice.</summary>
public sealed class Effect
{
    public long Id { get; set; }

    public required string Handler { get; set; }

    public Guid MessageId { get; set; }

    public string? Key { get; set; }

    public int Number { get; set; }
}

public sealed record OrderPlaced(string OrderId, int Number = 0);

public sealed record ChargeCard(string OrderId, int Number = 0);

public sealed record CardCharged(string OrderId, int Number = 0);
