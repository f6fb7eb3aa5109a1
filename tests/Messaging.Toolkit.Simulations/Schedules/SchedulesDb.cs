using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Simulations.Schedules;

/// <summary>What was planned, and what came.</summary>
internal sealed class SchedulesDb(DbContextOptions<SchedulesDb> options) : DbContext(options)
{
    public DbSet<Plan> Plans => Set<Plan>();

    public DbSet<Reminder> Reminders => Set<Reminder>();

    public DbSet<Ring> Rings => Set<Ring>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddMessaging();
        modelBuilder.Entity<Plan>().Property(plan => plan.Id).ValueGeneratedNever();
    }
}

/// <summary>A reminder that is to come: written in the transaction that schedules it.</summary>
internal sealed class Plan
{
    public required Guid Id { get; init; }

    /// <summary>By which it can be cancelled. Several may have the same.</summary>
    public required string Name { get; init; }

    public required string Key { get; init; }

    /// <summary>Before that it must not come.</summary>
    public required DateTime Due { get; init; }

    /// <summary>Set in the transaction that cancels it. It may have left before.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>Set before it is cancelled in another transaction, of which nobody knows whether it takes effect.</summary>
    public bool MayBeCancelled { get; set; }
}

/// <summary>A reminder has come.</summary>
internal sealed class Reminder
{
    public long Id { get; init; }

    public required Guid Plan { get; init; }

    public required DateTime At { get; init; }
}

/// <summary>The bell has rung.</summary>
internal sealed class Ring
{
    public long Id { get; init; }

    public required DateTime Tick { get; init; }
}
