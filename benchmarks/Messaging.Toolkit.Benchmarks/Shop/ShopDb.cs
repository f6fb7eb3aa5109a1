using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Benchmarks.Shop;

/// <summary>The application that is measured: orders are placed, and invoices are written because of them.</summary>
internal sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    public DbSet<Invoice> Invoices => Set<Invoice>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
}

/// <summary>The business row of those who publish.</summary>
internal sealed class Order
{
    public Guid Id { get; set; }

    public int Customer { get; set; }

    public int Number { get; set; }
}

/// <summary>The business row of those who handle.</summary>
internal sealed class Invoice
{
    public long Id { get; set; }

    public int Customer { get; set; }

    public int Number { get; set; }
}
