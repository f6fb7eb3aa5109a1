using Microsoft.EntityFrameworkCore;

namespace MessagingService;

sealed class ServiceDb(DbContextOptions<ServiceDb> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    public DbSet<Payment> Payments => Set<Payment>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Payment>().HasKey(payment => payment.OrderId);
        modelBuilder.AddMessaging();
    }
}

sealed class Order
{
    public required Guid Id { get; init; }

    public required decimal Total { get; init; }

    public bool IsPaid { get; set; }
}

sealed class Payment
{
    public required Guid OrderId { get; init; }

    public required decimal Amount { get; init; }
}
