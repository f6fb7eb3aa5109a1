using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using OrderFulfilment.Checkout;
using OrderFulfilment.History;
using OrderFulfilment.Ordering;
using OrderFulfilment.Payment;
using OrderFulfilment.Shipping;
using OrderFulfilment.Stock;

namespace OrderFulfilment;

/// <summary>
/// The one database of the application. An endpoint changes the tables of its own folder and nobody else's, so that each
/// could move to an application of its own.
/// </summary>
public sealed class FulfilmentDb(DbContextOptions<FulfilmentDb> options, TimeProvider time) : DbContext(options)
{
    // SQLite does not store that a time is UTC.
    private static readonly ValueConverter<DateTime, DateTime> Utc = new(time => time, time => DateTime.SpecifyKind(time, DateTimeKind.Utc));

    public DbSet<Order> Orders => Set<Order>();

    public DbSet<StockLevel> StockLevels => Set<StockLevel>();

    public DbSet<Reservation> Reservations => Set<Reservation>();

    public DbSet<CardPayment> Payments => Set<CardPayment>();

    public DbSet<Shipment> Shipments => Set<Shipment>();

    public DbSet<FundsHold> Holds => Set<FundsHold>();

    public DbSet<HistoryEntry> History => Set<HistoryEntry>();

    /// <summary>Notes that an endpoint handled a message of an order: in the transaction of what the handler changed.</summary>
    public void Note(Guid orderId, MessageContext context) => History.Add(new HistoryEntry
    {
        OrderId = orderId,
        Endpoint = context.Endpoint,
        Message = context.Envelope.Type,
        MessageId = context.MessageId,
        At = time.GetUtcNow().UtcDateTime,
    });

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddMessaging();

        modelBuilder.Entity<Order>(order =>
        {
            order.Property(x => x.Id).ValueGeneratedNever();
            order.Property(x => x.Status).HasConversion<string>().HasMaxLength(20);
            order.Property(x => x.PlacedAt).HasConversion(Utc);
            order.HasIndex(x => x.PlacedAt);
            order.HasIndex(x => x.Status);
        });
        modelBuilder.Entity<StockLevel>().HasKey(x => x.Product);
        modelBuilder.Entity<Reservation>(reservation =>
        {
            reservation.HasKey(x => x.OrderId);
            reservation.Property(x => x.OrderId).ValueGeneratedNever();
            reservation.Property(x => x.State).HasConversion<string>().HasMaxLength(20);
        });
        modelBuilder.Entity<CardPayment>().HasIndex(x => x.OrderId);
        modelBuilder.Entity<Shipment>(shipment =>
        {
            shipment.HasKey(x => x.OrderId);
            shipment.Property(x => x.OrderId).ValueGeneratedNever();
            shipment.Property(x => x.State).HasConversion<string>().HasMaxLength(20);
        });
        modelBuilder.Entity<FundsHold>(hold =>
        {
            hold.Property(x => x.State).HasConversion<string>().HasMaxLength(20);
            hold.HasIndex(x => x.OrderId);
        });
        modelBuilder.Entity<HistoryEntry>(entry =>
        {
            entry.Property(x => x.At).HasConversion(Utc);
            entry.HasIndex(x => x.OrderId);
        });
    }
}
