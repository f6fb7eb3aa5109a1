using Messaging.Toolkit.Benchmarks.Shop;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>The shop as someone would write it without the toolkit: the same business rows, and two tables of its own for messages.</summary>
internal sealed class HandWrittenDb(DbContextOptions<HandWrittenDb> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    public DbSet<Invoice> Invoices => Set<Invoice>();

    public DbSet<OutboxMessage> Outbox => Set<OutboxMessage>();

    public DbSet<HandledMessage> Handled => Set<HandledMessage>();

    /// <summary>The relay finds what is unsent by an index that holds nothing else.</summary>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<OutboxMessage>().HasIndex(message => message.Id).HasFilter("\"SentAt\" IS NULL");
        modelBuilder.Entity<HandledMessage>().HasKey(message => message.MessageId);
    }
}

/// <summary>A message that waits to be sent, or was.</summary>
internal sealed class OutboxMessage
{
    public long Id { get; set; }

    public Guid MessageId { get; set; }

    public required string Type { get; set; }

    public required byte[] Payload { get; set; }

    public DateTime CreatedAt { get; set; }

    public DateTime? SentAt { get; set; }
}

/// <summary>A message that was handled and is not handled again.</summary>
internal sealed class HandledMessage
{
    public Guid MessageId { get; set; }

    public DateTime HandledAt { get; set; }
}
