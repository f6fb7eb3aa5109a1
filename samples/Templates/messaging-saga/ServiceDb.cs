using Microsoft.EntityFrameworkCore;

namespace MessagingSaga;

sealed class ServiceDb(DbContextOptions<ServiceDb> options) : DbContext(options)
{
    public DbSet<StockLevel> Stock => Set<StockLevel>();

    public DbSet<Reservation> Reservations => Set<Reservation>();

    public DbSet<Payment> Payments => Set<Payment>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<StockLevel>().HasKey(level => level.Product);
        modelBuilder.Entity<StockLevel>().HasData(new StockLevel { Product = "book", Available = 10 });
        modelBuilder.Entity<Reservation>().HasKey(reservation => reservation.OrderId);
        modelBuilder.Entity<Payment>().HasKey(payment => payment.OrderId);
        modelBuilder.AddMessaging();
    }
}

sealed class StockLevel
{
    public required string Product { get; init; }

    public required int Available { get; set; }
}

sealed class Reservation
{
    public required Guid OrderId { get; init; }

    public required string Product { get; init; }

    public required int Quantity { get; init; }
}

sealed class Payment
{
    public required Guid OrderId { get; init; }

    public required decimal Amount { get; init; }
}
