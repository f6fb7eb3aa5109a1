using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Simulations.Limits;

/// <summary>What was done, who has asked, and what he was told.</summary>
internal sealed class LimitedDb(DbContextOptions<LimitedDb> options) : DbContext(options)
{
    public DbSet<Deed> Deeds => Set<Deed>();

    public DbSet<Question> Questions => Set<Question>();

    public DbSet<Told> Told => Set<Told>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddMessaging();
        modelBuilder.Entity<Question>().HasKey(question => question.Job);
    }
}

/// <summary>A handler has done its work.</summary>
internal sealed class Deed
{
    public long Id { get; init; }

    public required string Endpoint { get; init; }

    public required string Job { get; init; }

    /// <summary>Its node had gone over a limit before that.</summary>
    public required bool IsBeyondLimit { get; init; }
}

/// <summary>Somebody waits for the job.</summary>
internal sealed class Question
{
    public required string Job { get; init; }
}

/// <summary>He has heard of it.</summary>
internal sealed class Told
{
    public long Id { get; init; }

    public required string Job { get; init; }

    public required bool Handled { get; init; }
}
